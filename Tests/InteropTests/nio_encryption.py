"""Two people with two devices each talk encrypted through a homeserver with matrix-nio; the server may be killed between the steps.

    nio_encryption.py begin URL TOKEN STATE STORE    register, log in, verify all devices with each other, talk
    nio_encryption.py go-on URL STATE STORE          talk on from the devices' stores; a new device asks for keys; another restores a backup

STATE is a JSON file that each step reads and writes, STORE a directory for the devices' own databases.
A step that finds something wrong says what, and ends with status 1.
"""

import asyncio
import itertools
import json
import os
import sys
from contextlib import AsyncExitStack
from urllib.parse import quote

from nio import (
    AsyncClient,
    AsyncClientConfig,
    ForwardedRoomKeyEvent,
    JoinResponse,
    KeysUploadResponse,
    KeyVerificationEvent,
    KeyVerificationKey,
    KeyVerificationStart,
    LoginResponse,
    MegolmEvent,
    MessageDirection,
    RegisterResponse,
    RoomCreateResponse,
    RoomKeyRequestResponse,
    RoomMessagesResponse,
    RoomMessageText,
    RoomSendResponse,
    SyncResponse,
    ToDeviceResponse,
)
from nio.crypto.sessions import InboundGroupSession
from nio.event_builders import EnableEncryptionBuilder
from unpaddedbase64 import encode_base64
from vodozemac import Curve25519SecretKey, Message, PkDecryption, PkEncryption

from nio_support import PASSWORD, ROOM_VERSION, STEP_TIMEOUT_SECONDS, check, expect

MEGOLM = "m.megolm.v1.aes-sha2"
BACKUP_ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2"


class Device:
    """A logged-in device with its store, what it has read, and what it was sent by other devices."""

    def __init__(self, client):
        self.client = client
        self.read = {}  # event ID -> body
        self.unreadable = {}  # event ID -> event
        self.from_devices = []
        client.add_event_callback(self._on_text, RoomMessageText)
        client.add_event_callback(self._on_unreadable, MegolmEvent)
        client.add_to_device_callback(self.from_devices.append, (KeyVerificationEvent, ForwardedRoomKeyEvent))

    def _on_text(self, room, event):
        check(event.decrypted, f"{self.name} got {event.body!r} in clear")
        check(event.event_id not in self.read, f"{self.name} got {event.body!r} twice")
        self.read[event.event_id] = event.body

    def _on_unreadable(self, room, event):
        self.unreadable[event.event_id] = event

    @property
    def name(self):
        return f"{self.client.user_id}/{self.client.device_id}"

    def bodies(self):
        return set(self.read.values())

    async def step(self, full_state=False):
        """One sync, and what the client has to do after it."""
        client = self.client
        expect(SyncResponse, await client.sync(timeout=0, since=client.next_batch, full_state=full_state))
        await client.send_to_device_messages()
        if client.should_upload_keys:
            expect(KeysUploadResponse, await client.keys_upload())
        if client.should_query_keys:
            await client.keys_query()
        if client.should_claim_keys:
            await client.keys_claim(client.get_users_for_key_claiming())
        await client.send_to_device_messages()

    def peer(self, other):
        """Another device as this one knows it."""
        return self.client.device_store[other.client.user_id][other.client.device_id]

    def knows(self, other):
        return any(it.id == other.client.device_id for it in self.client.device_store.active_user_devices(other.client.user_id))

    def saved(self):
        client = self.client
        return {
            "user_id": client.user_id,
            "device_id": client.device_id,
            "access_token": client.access_token,
            "next_batch": client.next_batch,
            "bodies": sorted(self.bodies()),
        }


async def until(devices, condition, what):
    """Steps of all devices in turn until a condition holds."""
    async with asyncio.timeout(STEP_TIMEOUT_SECONDS):
        for count in itertools.count():
            if condition():
                return
            check(count < 200, f"it never came to this: {what}")
            for device in devices:
                await device.step()


def new_client(url, user, store, device_id=""):
    # No retries: a connection that breaks is the test's business.
    config = AsyncClientConfig(max_timeouts=0, encryption_enabled=True)
    return AsyncClient(url, user, device_id=device_id, store_path=store, config=config)


async def register(url, token, name, store):
    client = new_client(url, name, store)
    try:
        return expect(RegisterResponse, await client.register_with_token(name, PASSWORD, token)).user_id
    finally:
        await client.close()


async def log_in(stack, url, user_id, device_id, store):
    client = new_client(url, user_id, store, device_id)
    stack.push_async_callback(client.close)
    expect(LoginResponse, await client.login(PASSWORD, device_name=device_id.lower()))
    check(client.device_id == device_id, f"logged in as {client.device_id}, not {device_id}")
    device = Device(client)
    await device.step()
    check(client.olm.account.shared, f"{device.name} has published no keys")
    return device


async def restore(stack, url, saved, store):
    client = new_client(url, saved["user_id"], store, saved["device_id"])
    stack.push_async_callback(client.close)
    client.restore_login(saved["user_id"], saved["device_id"], saved["access_token"])
    client.next_batch = saved["next_batch"]
    return Device(client)


async def verify(one, other, devices):
    """Two devices compare emoji, which are the same."""
    await until(devices, lambda: one.knows(other) and other.knows(one), f"{one.name} and {other.name} know each other")
    expect(ToDeviceResponse, await one.client.start_key_verification(one.peer(other)))
    (transaction_id,) = [
        sas.transaction_id
        for sas in one.client.key_verifications.values()
        if sas.other_olm_device == one.peer(other) and not sas.verified
    ]

    def has(device, kind):
        return any(isinstance(it, kind) and it.transaction_id == transaction_id for it in device.from_devices)

    await until([other], lambda: has(other, KeyVerificationStart), f"{other.name} is asked for a verification")
    expect(ToDeviceResponse, await other.client.accept_key_verification(transaction_id))
    await until(
        [one, other],
        lambda: has(one, KeyVerificationKey) and has(other, KeyVerificationKey),
        f"{one.name} and {other.name} exchange keys",
    )
    emoji = [device.client.key_verifications[transaction_id].get_emoji() for device in (one, other)]
    check(emoji[0] == emoji[1] and len(emoji[0]) == 7, f"{one.name} and {other.name} see different emoji")
    for device in (one, other):
        expect(ToDeviceResponse, await device.client.confirm_short_auth_string(transaction_id))
    await until(
        [one, other],
        lambda: one.peer(other).verified and other.peer(one).verified,
        f"{one.name} and {other.name} trust each other",
    )
    # Everything came once and in order.
    kinds = [type(it).__name__ for it in other.from_devices if it.transaction_id == transaction_id]
    check(kinds == ["KeyVerificationStart", "KeyVerificationKey", "KeyVerificationMac"], f"{other.name} got {kinds}")


async def say(device, room_id, body, listeners):
    """Says something encrypted, which all listeners can read."""
    response = await device.client.room_send(room_id, "m.room.message", {"msgtype": "m.text", "body": body})
    event_id = expect(RoomSendResponse, response).event_id
    await until(
        [it for it in listeners if it is not device],
        lambda: all(event_id in it.read for it in listeners if it is not device),
        f"{[it.name for it in listeners]} read {body!r}",
    )
    # Whoever reads it had the key already, since that was sent before.
    for listener in listeners:
        check(event_id not in listener.unreadable, f"{listener.name} got {body!r} before its key")


async def begin(url, token, state_path, store):
    os.makedirs(store, exist_ok=True)
    alice, bob = [await register(url, token, name, store) for name in ("alice", "bob")]
    async with AsyncExitStack() as stack:
        names = [(alice, "PHONE"), (alice, "LAPTOP"), (bob, "TABLET"), (bob, "DESKTOP")]
        devices = [await log_in(stack, url, user, device, store) for user, device in names]
        phone, _, tablet, _ = devices
        encryption = EnableEncryptionBuilder().as_dict()
        created = await phone.client.room_create(
            name="Tea", room_version=ROOM_VERSION, initial_state=[encryption], invite=[bob]
        )
        room_id = expect(RoomCreateResponse, created).room_id
        await until(devices, lambda: room_id in tablet.client.invited_rooms, "Bob is invited")
        expect(JoinResponse, await tablet.client.join(room_id))
        await until(
            devices,
            lambda: all(room_id in it.client.rooms and len(it.client.rooms[room_id].users) == 2 for it in devices),
            "everybody sees the room",
        )
        for one, other in itertools.combinations(devices, 2):
            await verify(one, other, devices)
        for number, device in enumerate(devices):
            await say(device, room_id, f"message {number}", devices)
        save(state_path, {"room_id": room_id, "devices": [device.saved() for device in devices]})


async def go_on(url, state_path, store):
    state = load(state_path)
    room_id = state["room_id"]
    async with AsyncExitStack() as stack:
        devices = [await restore(stack, url, saved, store) for saved in state["devices"]]
        # What was trusted before still is, and the server knows the same keys.
        for one, other in itertools.permutations(devices, 2):
            check(one.knows(other) and one.peer(other).verified, f"{one.name} trusts {other.name} no longer")
        for device in devices:
            # matrix-nio forgets the rooms.
            await device.step(full_state=True)
        phone, _, tablet, _ = devices
        for number, device in enumerate(devices):
            await say(device, room_id, f"again {number}", devices)
        said = [f"{word} {number}" for word in ("message", "again") for number in range(len(devices))]
        watch = await share_with_new_device(stack, url, room_id, devices, said, store)
        version, private_key = await back_up(phone, room_id)
        await restore_backup(stack, url, room_id, phone, said, version, private_key, store)
        await say(watch, room_id, "from my wrist", devices)


async def encrypted_history(device, room_id):
    """The room's encrypted messages, oldest first, and those that the device can read."""
    page = await device.client.room_messages(
        room_id, device.client.next_batch, direction=MessageDirection.back, limit=100
    )
    events = expect(RoomMessagesResponse, page).chunk[::-1]
    readable = [event.body for event in events if isinstance(event, RoomMessageText)]
    return [event for event in events if isinstance(event, MegolmEvent)], readable


async def share_with_new_device(stack, url, room_id, devices, said, store):
    """A new device of Alice's asks for the keys of what was said before it was there, and says something itself."""
    phone = devices[0]
    watch = await log_in(stack, url, phone.client.user_id, "WATCH", store)
    await until([watch], lambda: room_id in watch.client.rooms, "the new device sees the room")
    # Those who knew all devices of Alice's learn of one more.
    everybody = devices + [watch]
    await until(everybody, lambda: all(it.knows(watch) for it in devices), "everybody learns of the new device")
    for device in devices:
        await verify(watch, device, everybody)
    unreadable, readable = await encrypted_history(watch, room_id)
    check(len(unreadable) == len(said) and not readable, f"the new device can read {readable} without keys")
    for session_id in {event.session_id for event in unreadable}:
        event = next(it for it in unreadable if it.session_id == session_id)
        expect(RoomKeyRequestResponse, await watch.client.request_room_key(event))
    sessions = {event.session_id for event in unreadable}

    def forwarded():
        return {it.session_id for it in watch.from_devices if isinstance(it, ForwardedRoomKeyEvent)}

    # Whoever has no session with the new device claims a key of it now, and sends the keys when something happens.
    for device in devices:
        await device.step()
    await say(watch, room_id, "let me read", devices)
    await until(everybody, lambda: sessions <= forwarded(), "the new device is given the keys")
    bodies = [watch.client.decrypt_event(event).body for event in unreadable]
    check(bodies == said, f"the new device reads {bodies}")
    said.append("let me read")
    return watch


async def call(device, method, path, body=None):
    """A request that matrix-nio has no method for; what is answered."""
    headers = {"Authorization": f"Bearer {device.client.access_token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body)
    response = await device.client.send(method, f"/_matrix/client/v3/{path}", data, headers)
    check(response.status == 200, f"{method} {path}: {response.status} {await response.text()}")
    return await response.json()


async def back_up(device, room_id):
    """Puts all keys of the room into a new key backup; its version and the private key."""
    secret = Curve25519SecretKey()
    public_key = secret.public_key()
    created = await call(
        device,
        "POST",
        "room_keys/version",
        {"algorithm": BACKUP_ALGORITHM, "auth_data": {"public_key": public_key.to_base64(), "signatures": {}}},
    )
    encryption = PkEncryption.from_key(public_key)
    sessions = {}
    for session in device.client.olm.inbound_group_store:
        data = {
            "algorithm": MEGOLM,
            "forwarding_curve25519_key_chain": session.forwarding_chain,
            "sender_key": session.sender_key,
            "sender_claimed_keys": {"ed25519": session.ed25519},
            "session_key": session.export_session(session.first_known_index),
        }
        message = encryption.encrypt(json.dumps(data).encode())
        sessions[session.id] = {
            "first_message_index": session.first_known_index,
            "forwarded_count": len(session.forwarding_chain),
            "is_verified": True,
            "session_data": {
                "ephemeral": encode_base64(message.ephemeral_key),
                "ciphertext": encode_base64(message.ciphertext),
                "mac": encode_base64(message.mac),
            },
        }
    version = created["version"]
    stored = await call(device, "PUT", f"room_keys/keys?version={version}", {"rooms": {room_id: {"sessions": sessions}}})
    check(stored["count"] == len(sessions) > 0, f"{stored['count']} of {len(sessions)} keys are in the backup")
    described = await call(device, "GET", "room_keys/version")
    check(described["etag"] == stored["etag"] and described["version"] == version, "the backup is another one")
    return version, secret.to_base64()


async def restore_backup(stack, url, room_id, other, said, version, private_key, store):
    """A device that nobody has shared keys with reads everything with those of the backup."""
    device = await log_in(stack, url, other.client.user_id, "RESTORED", store)
    await until([device], lambda: room_id in device.client.rooms, "the restored device sees the room")
    unreadable, readable = await encrypted_history(device, room_id)
    check(len(unreadable) == len(said) and not readable, f"the restored device can read {readable} without keys")
    described = await call(device, "GET", "room_keys/version")
    check(described["version"] == version, "the new device finds another backup")
    decryption = PkDecryption.from_key(Curve25519SecretKey.from_base64(private_key))
    keys = await call(device, "GET", f"room_keys/keys/{quote(room_id)}?version={version}")
    for session_id, key in keys["sessions"].items():
        data = key["session_data"]
        message = Message.from_base64(data["ciphertext"], data["mac"], data["ephemeral"])
        session = json.loads(decryption.decrypt(message))
        imported = InboundGroupSession.import_session(
            session["session_key"],
            session["sender_claimed_keys"]["ed25519"],
            session["sender_key"],
            room_id,
            session["forwarding_curve25519_key_chain"],
        )
        check(imported.id == session_id, "the backup has another session than it says")
        device.client.olm.inbound_group_store.add(imported)
    bodies = [device.client.decrypt_event(event).body for event in unreadable]
    check(bodies == said, f"the backup opens {bodies}")


def load(path):
    with open(path) as file:
        return json.load(file)


def save(path, state):
    with open(path, "w") as file:
        json.dump(state, file)


if __name__ == "__main__":
    asyncio.run({"begin": begin, "go-on": go_on}[sys.argv[1]](*sys.argv[2:]))
