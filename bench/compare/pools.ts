/**
 * Few addresses, ports and numbers, which frames and flows share, so that matches meet and connections find each other.
 */
export const MACS = ['50:54:00:00:00:01', '50:54:00:00:00:02', '50:54:00:00:00:03', '50:54:00:00:00:04'];
export const GROUP_MACS = ['ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '33:33:00:00:00:01', '01:80:c2:00:00:00'];
export const V4 = ['10.0.0.1', '10.0.0.2', '10.0.1.1', '192.168.0.1'];
export const V6 = ['2001:db8::1', '2001:db8::2', 'fe80::1', '2001:db8:1::1'];
export const PORTS = [1, 53, 80, 1000, 5000];
export const VIDS = [1, 5, 100, 4095];
export const TTLS = [0, 1, 2, 64, 255];
export const TOS = [0, 1, 3, 0x10, 0xb8, 0xfc, 0xff];
export const NUMBERS = [0, 1, 2, 7, 255];
/** The switch's ports. */
export const SWITCH_PORTS = [1, 2, 3, 4];
export const LABELS = [0, 3, 16, 17, 0xfffff];
export const LABEL_TTLS = [1, 2, 64, 255];
export const LABEL_TYPES = [0x8847, 0x8847, 0x8848];
