"""A learning switch with a spanning tree for os-ken, OpenFlow 1.3: a network may have loops.

os-ken's own spanning tree (os_ken.lib.stplib, IEEE 802.1D) blocks ports until no loop is left; what is left learns addresses, and
has a flow for each. When the tree changes, flows and addresses of the switches concerned are forgotten. A link that goes is
replaced by a blocked one.

    osken-manager --ofp-tcp-listen-port 6653 spanning_tree.py

Standard output has one JSON object a line: switches, the states of ports, changes of the tree. STP_HELLO_S, STP_MAX_AGE_S and
STP_FORWARD_DELAY_S are the tree's times in seconds: 2, 20 and 15 as in the standard unless set, with which a port forwards after
half a minute.
"""
import json
import os

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib import stplib
from os_ken.lib.mac import haddr_to_bin, is_multicast
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_3

# Whole seconds: os-ken reads a neighbour's hello time of half a second as none.
TIMES = {'hello_time': int(os.environ.get('STP_HELLO_S', '2')),
         'max_age': int(os.environ.get('STP_MAX_AGE_S', '20')),
         'fwd_delay': int(os.environ.get('STP_FORWARD_DELAY_S', '15'))}
MISS_PRIORITY = 0
PATH_PRIORITY = 10
STATES = {stplib.PORT_STATE_DISABLE: 'disabled', stplib.PORT_STATE_BLOCK: 'blocked', stplib.PORT_STATE_LISTEN: 'listening',
          stplib.PORT_STATE_LEARN: 'learning', stplib.PORT_STATE_FORWARD: 'forwarding'}


def tell(event, **facts):
    print(json.dumps({'event': event, **facts}), flush=True)


class EveryBridge(dict):
    """The same settings for every datapath id."""

    def get(self, _dpid, _default=None):
        return {'bridge': TIMES}


class SpanningTree(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]
    _CONTEXTS = {'stplib': stplib.Stp}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ports_of = {}      # datapath id -> {address: port}
        kwargs['stplib'].set_config(EveryBridge())

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def joined(self, ev):
        switch = ev.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        self.ports_of[switch.id] = {}
        to_us = parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)
        self.add_flow(switch, MISS_PRIORITY, parser.OFPMatch(), to_us)
        tell('joined', dpid=switch.id)

    @staticmethod
    def add_flow(switch, priority, match, action):
        parser = switch.ofproto_parser
        apply = parser.OFPInstructionActions(switch.ofproto.OFPIT_APPLY_ACTIONS, [action])
        switch.send_msg(parser.OFPFlowMod(switch, priority=priority, match=match, instructions=[apply]))

    @set_ev_cls(stplib.EventPacketIn, MAIN_DISPATCHER)
    def packet_in(self, ev):
        msg = ev.msg
        switch, in_port = msg.datapath, msg.match['in_port']
        ofp, parser = switch.ofproto, switch.ofproto_parser
        eth = packet.Packet(msg.data).get_protocol(ethernet.ethernet)
        if eth is None:
            return
        known = self.ports_of.setdefault(switch.id, {})
        if not is_multicast(haddr_to_bin(eth.src)):
            known[eth.src] = in_port
        out_port = known.get(eth.dst, ofp.OFPP_FLOOD)
        if out_port == in_port:
            return
        out = parser.OFPActionOutput(out_port)
        if out_port != ofp.OFPP_FLOOD:
            self.add_flow(switch, PATH_PRIORITY, parser.OFPMatch(in_port=in_port, eth_dst=eth.dst), out)
        data = msg.data if msg.buffer_id == ofp.OFP_NO_BUFFER else None
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=msg.buffer_id, in_port=in_port, actions=[out], data=data))

    @set_ev_cls(stplib.EventTopologyChange, MAIN_DISPATCHER)
    def tree_changed(self, ev):
        switch = ev.dp
        ofp, parser = switch.ofproto, switch.ofproto_parser
        for address in self.ports_of.get(switch.id, {}):
            switch.send_msg(parser.OFPFlowMod(switch, command=ofp.OFPFC_DELETE, table_id=ofp.OFPTT_ALL, out_port=ofp.OFPP_ANY,
                                              out_group=ofp.OFPG_ANY, match=parser.OFPMatch(eth_dst=address)))
        self.ports_of[switch.id] = {}
        tell('tree_changed', dpid=switch.id)

    @set_ev_cls(stplib.EventPortStateChange, MAIN_DISPATCHER)
    def port_changed(self, ev):
        tell('port', dpid=ev.dp.id, port=ev.port_no, state=STATES[ev.port_state])

    @set_ev_cls(ofp_event.EventOFPErrorMsg, [CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def error(self, ev):
        tell('error', type=ev.msg.type, code=ev.msg.code)
