/** What a switch says about itself (OpenFlow 1.3.5 §7.3.5.1). Controllers choose their driver by these strings. */
import type { Desc } from '../wire/index.js';

/**
 * ONOS loads its Nicira codecs for this manufacturer and hardware, and software that begins with "2.". Serial and
 * datapath are Open vSwitch's defaults.
 */
export const DEFAULT_DESCRIPTION: Desc = {
  manufacturer: 'Nicira, Inc.',
  hardware: 'Open vSwitch',
  software: '2.17.0 (ctswitch)',
  serial: 'None',
  datapath: 'None',
};
