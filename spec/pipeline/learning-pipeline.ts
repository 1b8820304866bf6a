/**
 * Random pipelines whose flows teach, choose, and stand for alternatives of conjunctions, beside all that others do.
 */
import { RandomPipeline } from './random-pipeline.js';

const HASHES = ['eth_src', 'symmetric_l4', 'symmetric_l3l4', 'nw_dst'];
const TAUGHT = [
  'NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]',
  'NXM_OF_ETH_SRC[]',
  'NXM_OF_IN_PORT[]',
  'NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]',
  'NXM_NX_REG1[]',
  'eth_type=0x800',
  'eth_type=0x800,nw_proto=17',
];
const DIMENSIONS = [
  ['ip,ip_src=10.0.0.1', 'ip,ip_src=10.0.0.2/31', 'in_port=1', 'in_port=3'],
  ['ip,ip_dst=10.0.0.1', 'ip,ip_dst=10.0.0.2/31', 'dl_dst=50:54:00:00:00:02'],
  ['udp,tp_dst=53', 'udp,tp_dst=80', 'tcp,tp_dst=80', 'tcp'],
];

export class LearningPipeline extends RandomPipeline {
  private learned = 10_000;

  private teach(): string {
    const parts = [`table=${this.below(4)}`, `priority=${this.learned++}`, `cookie=${this.below(3)}`];
    if (this.chance(40)) parts.push(`${this.pick(['idle', 'hard'])}_timeout=${2 + this.below(20)}`);
    if (this.chance(20)) parts.push(`fin_${this.pick(['idle', 'hard'])}_timeout=2`);
    if (this.chance(30)) parts.push('delete_learned');
    if (this.chance(20)) parts.push('send_flow_rem');
    if (this.chance(40)) parts.push(`limit=${1 + this.below(3)},result_dst=NXM_NX_REG1[${this.below(2)}]`);
    parts.push(this.pick(TAUGHT));
    if (this.chance(30)) parts.push('load:NXM_OF_ETH_SRC[0..3]->NXM_NX_REG1[0..3]');
    return `learn(${[...parts, 'output:NXM_OF_IN_PORT[]'].join(',')})`;
  }

  private choose(): string {
    const hash = `${this.pick(HASHES)},${this.below(3)}`;
    return this.pick([
      `multipath(${hash},${this.pick(['modulo_n', 'hrw'])},3,0,NXM_NX_REG1[0..1])`,
      `bundle(${hash},${this.pick(['hrw', 'active_backup'])},ofport,members:${1 + this.below(4)},${1 + this.below(4)})`,
    ]);
  }

  override actions(table: number, match: readonly string[]): string {
    const text = super.actions(table, match);
    if (!this.chance(40)) return text;
    const more = this.chance(70) ? this.teach() : this.choose();
    return text === 'drop' ? more : text.replace(/^(meter:\d+,)?/, `$1${more},`);
  }

  /** One of the flows of two conjunctions. */
  alternative(table = this.below(4)): string {
    const id = 1 + this.below(2);
    if (this.chance(20))
      return `table=${table},priority=${this.learned++},conj_id=${id},actions=output:${1 + this.below(4)}`;
    const dimension = this.below(3);
    const more = this.chance(20) ? `,conjunction(${3 - id},${1 + this.below(2)}/2)` : '';
    const part = `conjunction(${id},${dimension + 1}/3)${more}`;
    return `table=${table},priority=${9000 + this.below(2)},${this.pick(DIMENSIONS[dimension])},actions=${part}`;
  }

  override flow(timeouts = false): string {
    return this.chance(20) ? this.alternative() : super.flow(timeouts);
  }
}
