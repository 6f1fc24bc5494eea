"""Hashes, names and redacts events as Synapse does.

Reads a JSON list from standard input, of objects with a room `version` and an `event` in the federation format, and writes a list of objects:

    id              the event's ID
    content_hash    its content hash, in unpadded Base64
    reference_hash  its reference hash, in unpadded Base64
    redacted        the redacted event as canonical JSON, without `unsigned`
"""

import json
import sys

from canonicaljson import encode_canonical_json
from unpaddedbase64 import encode_base64

from synapse.api.room_versions import KNOWN_ROOM_VERSIONS
from synapse.crypto.event_signing import compute_content_hash, compute_event_reference_hash
from synapse.events import make_event_from_dict
from synapse.events.utils import prune_event
import hashlib


def answer(request):
    event = make_event_from_dict(request["event"], KNOWN_ROOM_VERSIONS[request["version"]])
    redacted = {key: value for key, value in prune_event(event).get_pdu_json().items() if key != "unsigned"}
    return {
        "id": event.event_id,
        "content_hash": encode_base64(compute_content_hash(event.get_pdu_json(), hashlib.sha256)[1]),
        "reference_hash": encode_base64(compute_event_reference_hash(event)[1]),
        "redacted": encode_canonical_json(redacted).decode(),
    }


json.dump([answer(request) for request in json.load(sys.stdin)], sys.stdout)
