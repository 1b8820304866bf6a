/** What a switch would do with a packet, and why, without doing it. */
export { formatSteps, type StepNames } from './datapath-actions.js';
export { formatDatapathFlow } from './datapath-flow.js';
export * from './dumps.js';
export { type TraceInput, tracedPacket } from './input.js';
export { MAX_NODES } from './recorder.js';
export { type Traced, type TracedPacket, type TraceOptions, traceInputs, tracePackets } from './trace.js';
export { formatTrace } from './trace-text.js';
export * from './types.js';
