"""Resolves room states as Synapse does.

Reads a JSON object from standard input:

    rooms       a list of rooms, each with its `version`, its `events` in the federation format, the create event first, and `cases`: a list of
                resolutions, each a list of states, each a list of indices into the events
    repeat      how often to resolve each case (once if missing)

and writes a list to standard output, with an object for each room:

    states      for each case the resolved state, as sorted indices into the events
    seconds     for each case the CPU time of the fastest resolution, and how much of that was the search of auth chains, which Synapse leaves
                to its database
"""

import asyncio
import json
import logging
import sys
import time

# Before synapse.state, which cannot be imported first.
from synapse import event_auth  # noqa: F401
from synapse.api.room_versions import KNOWN_ROOM_VERSIONS, StateResolutionVersions
from synapse.events import make_event_from_dict
from synapse.state import v1, v2
from synapse.storage.databases.main.event_federation import StateDifference


class Clock:
    async def sleep(self, duration):
        pass


class Store:
    """What Synapse's resolver asks of its database, over events in memory."""

    def __init__(self, events):
        self.events = events
        self.auth = {event_id: list(event.auth_event_ids()) for event_id, event in events.items()}
        self.seconds = 0.0

    async def get_events(self, event_ids, allow_rejected=False):
        return {event_id: self.events[event_id] for event_id in event_ids if event_id in self.events}

    async def get_auth_chain_difference(self, room_id, state_sets, conflicted_state, additional):
        start = time.thread_time()
        chains = [self.chain(state) for state in state_sets]
        difference = set.union(*chains) - set.intersection(*chains)
        subgraph = None if conflicted_state is None else self.between(conflicted_state)
        self.seconds += time.thread_time() - start
        return StateDifference(auth_difference=difference, conflicted_subgraph=subgraph)

    def chain(self, event_ids):
        """The events and what is reachable from them."""
        chain = set(event_ids)
        rest = list(chain)
        while rest:
            for event_id in self.auth[rest.pop()]:
                if event_id not in chain:
                    chain.add(event_id)
                    rest.append(event_id)
        return chain

    def between(self, event_ids):
        """The events on paths from one of the events to another."""
        backward = self.chain(event_ids)
        followers = {}
        for event_id in backward:
            for auth_id in self.auth[event_id]:
                followers.setdefault(auth_id, []).append(event_id)
        forward = set(event_ids)
        rest = list(forward)
        while rest:
            for event_id in followers.get(rest.pop(), ()):
                if event_id not in forward:
                    forward.add(event_id)
                    rest.append(event_id)
        return forward


def resolve(version, room_id, states, store):
    if version.state_res == StateResolutionVersions.V1:
        return asyncio.run(v1.resolve_events_with_store(room_id, version, states, None, store.get_events))
    return asyncio.run(v2.resolve_events_with_store(Clock(), room_id, version, states, None, store))


def answer(room, repeat):
    version = KNOWN_ROOM_VERSIONS[room["version"]]
    events = [make_event_from_dict(event, version) for event in room["events"]]
    by_id = {event.event_id: event for event in events}
    indices = {event.event_id: index for index, event in enumerate(events)}
    result = {"states": [], "seconds": []}
    for case in room["cases"]:
        states = [{(events[index].type, events[index].state_key): events[index].event_id for index in state} for state in case]
        best = None
        for _ in range(repeat):
            store = Store(by_id)
            start = time.thread_time()
            resolved = resolve(version, events[0].room_id, states, store)
            seconds = time.thread_time() - start
            if best is None or seconds < best[0]:
                best = (seconds, store.seconds)
        result["states"].append(sorted(indices[event_id] for event_id in dict(resolved).values()))
        result["seconds"].append(best)
    return result


def main():
    logging.disable(logging.CRITICAL)
    request = json.load(sys.stdin)
    json.dump([answer(room, request.get("repeat", 1)) for room in request["rooms"]], sys.stdout)


main()
