"""Uses the endpoints that matrix-nio knows; each answer has to be one that it understands.

    nio_endpoints.py URL TOKEN

matrix-nio checks answers against schemas of its own, and gives an ErrorResponse for what does not fit.
"""

import asyncio
import sys

from nio import AsyncClient, AsyncClientConfig, ErrorResponse, RoomPreset, RoomVisibility

from nio_support import PASSWORD, ROOM_VERSION, check


async def ok(call):
    """The answer of a call, which has to be a success."""
    response = await call
    check(not isinstance(response, ErrorResponse), f"{call.__qualname__}: {response}")
    return response


async def fails(call, code):
    """The answer of a call, which has to be an error with this code."""
    response = await call
    check(isinstance(response, ErrorResponse) and response.status_code == code, f"{call.__qualname__}: {response}, not {code}")


def new_client(url, user):
    return AsyncClient(url, user, config=AsyncClientConfig(max_timeouts=0, encryption_enabled=False))


async def account(client, token):
    flows = (await ok(client.login_info())).flows
    check("m.login.password" in flows, f"flows: {flows}")
    await ok(client.register_with_token(client.user, PASSWORD, token, device_name="Desk"))
    stranger = new_client(client.homeserver, client.user)
    await fails(stranger.login("wrong"), "M_FORBIDDEN")
    await stranger.close()
    whoami = await ok(client.whoami())
    check((whoami.user_id, whoami.device_id) == (client.user_id, client.device_id), f"whoami: {whoami}")


async def profile(client, reader):
    await ok(client.set_displayname("Alice"))
    await ok(client.set_avatar("mxc://localhost/alice"))
    check((await ok(reader.get_displayname(client.user_id))).displayname == "Alice", "display name")
    check((await ok(reader.get_avatar(client.user_id))).avatar_url == "mxc://localhost/alice", "avatar")
    both = await ok(reader.get_profile(client.user_id))
    check((both.displayname, both.avatar_url) == ("Alice", "mxc://localhost/alice"), f"profile: {both}")
    await fails(reader.get_profile("@nobody:localhost"), "M_NOT_FOUND")


async def rooms(alice, bob):
    created = await ok(
        alice.room_create(
            visibility=RoomVisibility.public,
            alias="nio",
            name="Nio's room",
            topic="Endpoints",
            room_version=ROOM_VERSION,
            preset=RoomPreset.public_chat,
            power_level_override={"events": {"org.example.open": 0}},
        )
    )
    room = created.room_id
    check((await ok(bob.room_resolve_alias("#nio:localhost"))).room_id == room, "alias")
    check((await ok(bob.join("#nio:localhost"))).room_id == room, "join by alias")
    check((await ok(bob.room_get_visibility(room))).visibility == "public", "visibility")
    public = await ok(bob.list_public_rooms(filter_generic_search_term="Nio's"))
    check([it.room_id for it in public.public_rooms] == [room], f"public rooms: {public}")
    check((await ok(alice.joined_rooms())).rooms == [room], "joined rooms")
    members = {it.user_id for it in (await ok(alice.joined_members(room))).members}
    check(members == {alice.user_id, bob.user_id}, f"members: {members}")

    await ok(alice.room_put_alias("#nio-too:localhost", room))
    await ok(alice.room_delete_alias("#nio-too:localhost"))
    await fails(alice.room_resolve_alias("#nio-too:localhost"), "M_NOT_FOUND")

    await ok(alice.update_room_topic(room, "Changed"))
    check((await ok(bob.room_get_state_event(room, "m.room.topic"))).content == {"topic": "Changed"}, "topic")
    await fails(bob.update_room_topic(room, "Bob's"), "M_FORBIDDEN")
    await ok(bob.room_put_state(room, "org.example.open", {"a": 1}, state_key="k/e/y"))
    check((await ok(alice.room_get_state_event(room, "org.example.open", "k/e/y"))).content == {"a": 1}, "state key")
    state = (await ok(bob.room_get_state(room))).events
    check({"m.room.create", "m.room.power_levels", "org.example.open"} <= {it["type"] for it in state}, f"state: {state}")

    sent = await ok(bob.room_send(room, "m.room.message", {"msgtype": "m.text", "body": "hello"}))
    check((await ok(alice.room_get_event(room, sent.event_id))).event.body == "hello", "event")
    await ok(alice.room_redact(room, sent.event_id, reason="test"))
    check((await ok(alice.room_get_event(room, sent.event_id))).event.source["content"] == {}, "redacted event")
    return room


async def membership(alice, bob, room):
    await ok(alice.room_kick(room, bob.user_id, "test"))
    await ok(bob.join(room))
    await ok(alice.room_ban(room, bob.user_id, "test"))
    await fails(bob.join(room), "M_FORBIDDEN")
    await ok(alice.room_unban(room, bob.user_id))
    await ok(alice.room_invite(room, bob.user_id))
    await ok(bob.join(room))
    await fails(bob.room_forget(room), "M_UNKNOWN")
    await ok(bob.room_leave(room))
    await ok(bob.room_forget(room))
    await fails(bob.room_messages(room), "M_FORBIDDEN")
    space = await ok(alice.room_create(space=True, name="Space", room_version=ROOM_VERSION))
    direct = await ok(alice.room_create(is_direct=True, invite=[bob.user_id], room_version=ROOM_VERSION))
    for invited in (space.room_id, direct.room_id):
        await ok(alice.room_leave(invited))


async def sync(alice, bob, room):
    await ok(bob.join(room))
    uploaded = await ok(bob.upload_filter(room={"timeline": {"limit": 1}, "state": {"lazy_load_members": True}}))
    first = await ok(bob.sync(sync_filter=uploaded.filter_id, full_state=True))
    check(len(first.rooms.join[room].timeline.events) == 1, "the timeline's limit")
    check(bob.rooms[room].display_name == "Nio's room", f"name: {bob.rooms[room].display_name}")
    check(bob.rooms[room].power_levels.can_user_send_state(alice.user_id, "m.room.topic"), "power levels")
    await ok(alice.room_send(room, "m.room.message", {"msgtype": "m.text", "body": "synced"}))
    second = await ok(bob.sync(timeout=30_000))
    check([it.body for it in second.rooms.join[room].timeline.events] == ["synced"], f"sync: {second}")
    check(bob.rooms[room].member_count == 2, f"members: {bob.rooms[room].member_count}")


async def passing(alice, bob, room):
    """Typing, receipts and presence, as the other one learns of them."""
    sent = await ok(alice.room_send(room, "m.room.message", {"msgtype": "m.text", "body": "read this"}))
    await ok(bob.room_typing(room, True, timeout=60_000))
    await ok(bob.update_receipt_marker(room, sent.event_id))
    await ok(bob.room_read_markers(room, sent.event_id, sent.event_id))
    await ok(bob.set_presence("unavailable", "away"))
    presence = await ok(alice.get_presence(bob.user_id))
    check((presence.presence, presence.status_msg) == ("unavailable", "away"), f"presence: {presence}")
    told = await ok(alice.sync(full_state=True))
    check("unavailable" in [it.presence for it in told.presence_events if it.user_id == bob.user_id], f"presence: {told.presence_events}")
    check(alice.rooms[room].typing_users == [bob.user_id], f"typing: {alice.rooms[room].typing_users}")
    check(alice.rooms[room].read_receipts[bob.user_id].event_id == sent.event_id, f"receipts: {alice.rooms[room].read_receipts}")
    await ok(bob.room_typing(room, False))


async def main(url, token):
    alice, bob = new_client(url, "endpoint-alice"), new_client(url, "endpoint-bob")
    tablet = new_client(url, "endpoint-alice")
    try:
        for client in (alice, bob):
            await account(client, token)
        await profile(alice, bob)
        room = await rooms(alice, bob)
        await membership(alice, bob, room)
        await sync(alice, bob, room)
        await passing(alice, bob, room)
        await ok(tablet.login(PASSWORD, device_name="Tablet"))
        token = tablet.access_token
        await ok(tablet.logout())
        tablet.access_token = token
        await fails(tablet.whoami(), "M_UNKNOWN_TOKEN")
        await ok(alice.logout(all_devices=True))
    finally:
        for client in (alice, bob, tablet):
            await client.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
