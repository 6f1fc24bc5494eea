import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store

@testable import Homeserver

/// What people do in a simulation: one thing after the other, chosen by the seed.
struct SimulatedActions: Sendable {
    let world: SimulatedWorld
    /// Who of those that act side by side.
    let name: String

    private static let roomsMax = 7
    private static let types = ["m.room.topic", "m.room.name", "org.example.a", "org.example.b"]

    private var rooms: Rooms { world.rooms }

    /// Does something. Not everybody may do everything at any time.
    func act() async throws {
        do {
            try await action()
        } catch is MatrixError {}
    }

    private func action() async throws {
        let person = world.one(of: world.people)
        let user = world.requester(person)
        let room = world.one(of: world.roomIDs)
        let other = world.one(of: world.people)
        let owner = world.requester(world.people[0])
        switch world.choice(100) {
        case 0..<26: try await say(in: room, by: user)
        case 26..<36: try await setState(in: room, by: user)
        case 36..<46: try await rooms.join(room, content: [:], by: user)
        case 46..<51: try await rooms.leave(room, reason: nil, by: user)
        case 51..<54: try await rooms.kick(other, from: room, reason: nil, by: owner)
        case 54..<56: try await rooms.ban(other, from: room, reason: nil, by: owner)
        case 56..<59: try await rooms.unban(other, from: room, reason: nil, by: owner)
        case 59..<63: try await rooms.invite(other, to: room, reason: nil, by: user)
        case 63..<65: try await rooms.knock(on: room, reason: nil, by: user)
        case 65..<69: try await redact(in: room, by: user)
        case 69..<76: try await read(room, by: user)
        case 76..<80: try await beginOrStopTyping(in: room, by: user)
        case 80..<84: try await setAccountData(of: user, in: world.isOnce(in: 2) ? room : nil)
        case 84..<86: try await setTag(on: room, by: user)
        case 86..<92: try await sendToDevices(of: other, by: user)
        case 92..<94: try await changeDevices(of: user)
        case 94..<96: try await rooms.forget(room, by: user)
        case 96: try await setRules(of: room, by: owner)
        case 97: try await world.homeserver.profiles.set("displayname", to: .string("name \(world.number())"), of: person, by: user)
        case 98: try await createRoom(by: user)
        default: for _ in 0..<5 { try await say(in: room, by: user) }
        }
    }

    // MARK: - Rooms

    /// A room in which everybody may set state, invite and redact.
    func createRoom(by user: Requester) async throws {
        guard world.roomIDs.count < Self.roomsMax else { return }
        var request = CreateRoomRequest()
        request.preset = .publicChat
        request.powerLevelOverride = ["state_default": 0, "invite": 0, "events": [:]]
        world.add(try await rooms.create(request, by: user))
    }

    private func say(in room: RoomID, by user: Requester) async throws {
        let number = world.number()
        var content: JSONObject = ["body": .string("\(number)"), "msgtype": "m.text"]
        if world.isOnce(in: 5) { content["m.mentions"] = ["user_ids": [.string(world.one(of: world.people).string)]] }
        if world.isOnce(in: 4), let root = try message(in: room, where: { $0.thread == nil }) {
            content["m.relates_to"] = ["rel_type": "m.thread", "event_id": .string(root)]
        }
        _ = try await rooms.send("m.room.message", content, to: room, transactionID: "\(number)", by: user)
    }

    private func setState(in room: RoomID, by user: Requester) async throws {
        let key = StateKey(world.one(of: Self.types), world.isOnce(in: 2) ? "" : "x")
        let content: JSONObject = ["name": .string("room \(world.number())")]
        _ = try await rooms.setState(key, content, in: room, by: user)
    }

    private func redact(in room: RoomID, by user: Requester) async throws {
        guard let target = try message(in: room, where: { $0.sender == user.userID.string }) else { return }
        _ = try await rooms.redact(EventID(trusted: target), content: [:], in: room, transactionID: "\(world.number())", by: user)
    }

    private func setRules(of room: RoomID, by owner: Requester) async throws {
        if world.isOnce(in: 2) {
            let visibility = world.one(of: ["shared", "joined", "invited", "world_readable"])
            _ = try await rooms.setState(.historyVisibility, ["history_visibility": .string(visibility)], in: room, by: owner)
        } else {
            let rule = world.one(of: ["public", "knock", "invite"])
            _ = try await rooms.setState(.joinRules, ["join_rule": .string(rule)], in: room, by: owner)
        }
    }

    /// One of the last messages of a room.
    private func message(in room: RoomID, where isFit: (RoomTruth.Entry) -> Bool) throws -> String? {
        let entries = try world.truth().first { $0.id == room }?.entries ?? []
        let fit = entries.suffix(30).filter { $0.isMessage && isFit($0) }
        return fit.isEmpty ? nil : world.one(of: fit).id
    }

    private func read(_ room: RoomID, by user: Requester) async throws {
        let entries = try world.truth().first { $0.id == room }?.entries.suffix(20) ?? []
        guard !entries.isEmpty else { return }
        let entry = world.one(of: Array(entries))
        let type = world.one(of: ["m.read", "m.read", "m.read.private", "m.fully_read"])
        var thread: JSONValue?
        if type != "m.fully_read", world.isOnce(in: 3) { thread = .string(entry.thread ?? "main") }
        try await world.homeserver.receipts.set(
            ReadMarkers(type: type, event: EventID(trusted: entry.id), threadID: thread), in: room, by: user)
    }

    private func beginOrStopTyping(in room: RoomID, by user: Requester) async throws {
        let isTyping = !world.isOnce(in: 3)
        let milliseconds = Int64(1000 * (1 + world.choice(60)))
        let typing = SimulatedWorld.TypingUser(
            end: world.server.clock.now() + milliseconds, position: world.rooms.database.snapshot().position)
        try await world.homeserver.typing.set(isTyping, of: user.userID, in: room, timeoutMilliseconds: milliseconds, by: user)
        world.noteTyping(of: user.userID, in: room, isTyping ? typing : nil)
    }

    // MARK: - Accounts

    private func setAccountData(of user: Requester, in room: RoomID?) async throws {
        let type = "org.example.\(world.choice(3))"
        let accounts = world.homeserver.accounts
        if world.isOnce(in: 5) {
            try await accounts.removeAccountData(of: user.userID, in: room, type: type, for: user)
        } else {
            let content: JSONObject = ["n": .integer(Int64(world.number()))]
            try await accounts.setAccountData(of: user.userID, in: room, type: type, to: content.encoded(), for: user)
        }
    }

    private func setTag(on room: RoomID, by user: Requester) async throws {
        let content: JSONObject? = world.isOnce(in: 3) ? nil : ["order": .integer(Int64(world.choice(10)))]
        try await world.homeserver.accounts.setTag(
            world.one(of: ["m.favourite", "u.work"]), of: user.userID, on: room, to: content, for: user)
    }

    /// Sends a message to one or all devices of a user; now and then so many that one answer doesn't hold them.
    private func sendToDevices(of other: UserID, by user: Requester) async throws {
        for _ in 0..<(world.isOnce(in: 40) ? 130 : 1) {
            let devices = try world.homeserver.accounts.devices(for: world.requester(other)).compactMap { $0["device_id"]?.stringValue }
                .filter { !$0.hasPrefix("EXTRA") }
            let chosen = world.isOnce(in: 3) ? devices : [world.one(of: devices)]
            let number = Int64(world.number())
            let content: JSONValue = ["n": .integer(number), "by": .string(name)]
            world.note(number, by: name, to: chosen.map { "\(other) \($0)" })
            let messages: JSONObject = chosen == devices ? ["*": content] : chosen.reduce(into: JSONObject()) { $0[$1] = content }
            for _ in 0..<(world.isOnce(in: 4) ? 2 : 1) {
                let request = try ToDeviceRequest(
                    type: "org.example", transactionID: "\(number)", [other.string: .object(messages)])
                try await world.homeserver.toDeviceMessages.send(request, by: user)
            }
        }
    }

    private func changeDevices(of user: Requester) async throws {
        let accounts = world.homeserver.accounts
        switch world.choice(3) {
        case 0: try await accounts.rename("DESK", to: "name \(world.number())", for: user)
        case 1: try await world.logIn(user.userID, on: "EXTRA\(world.number())")
        default:
            let extra = try accounts.devices(for: user).compactMap { $0["device_id"]?.stringValue }.filter { $0.hasPrefix("EXTRA") }
            try await accounts.database.remove(extra, of: user.userID, ending: nil)
        }
    }
}
