import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// Whoever comes with a token from behind the logs' floors is told the same as if the logs went back that far.
@Suite struct SyncBehindFloorTests {
    @Test func nothingIsMissed() async throws {
        var following = FollowingLimits()
        following.retainedEntries = 40
        try await SyncServer.run(following: following) { server in
            let (rooms, accounts) = (server.homeserver.rooms, server.homeserver.accounts)
            let (quiet, busy) = (try await server.room(.publicChat, with: server.bob), try await server.room(.publicChat, with: server.bob))
            let (left, banned) = (
                try await server.room(.publicChat, with: server.bob), try await server.room(.publicChat, with: server.bob)
            )
            let (joined, turnedDown) = (try await server.room(.publicChat), try await server.room(.privateChat))
            let elsewhere = try await server.room(.publicChat)
            let token = try await server.sync().next

            try await server.say("hello", in: busy, by: server.alice)
            try await rooms.leave(left, reason: nil, by: server.bob)
            try await rooms.ban(server.bob.userID, from: banned, reason: nil, by: server.alice)
            try await rooms.join(joined, content: [:], by: server.bob)
            try await rooms.invite(server.bob.userID, to: turnedDown, reason: nil, by: server.alice)
            try await rooms.leave(turnedDown, reason: nil, by: server.bob)
            let invited = try await server.room(.privateChat)
            try await rooms.invite(server.bob.userID, to: invited, reason: nil, by: server.alice)
            for room in [nil, quiet] {
                try await accounts.setAccountData(
                    of: server.bob.userID, in: room, type: "org.example", to: Array("{}".utf8), for: server.bob)
            }
            let before = try await server.sync(since: token).answer

            for number in 0..<100 {
                try await server.say("noise", in: elsewhere, by: server.alice)
                try await accounts.setAccountData(
                    of: server.carol.userID, in: nil, type: "org.example.\(number)", to: Array("{}".utf8), for: server.carol)
            }
            try await waitUntil("rooms", isTrimmedBeyond: token.rooms, on: server)
            try await waitUntil("accounts", isTrimmedBeyond: token.accounts, on: server)
            let after = try await server.sync(since: token).answer
            for section in ["rooms", "account_data"] { #expect(told(section, by: after) == told(section, by: before)) }
            #expect(before["rooms", "leave"]?.objectValue?.count == 3)
            #expect(before["rooms", "join"]?.objectValue?.count == 3)
            #expect(before["rooms", "invite"]?.objectValue?.count == 1)
        }
    }

    /// Waits for the dispatcher, which trims on its own.
    private func waitUntil(_ database: String, isTrimmedBeyond stamp: Versionstamp, on server: SyncServer) async throws {
        let dispatcher = try #require(server.homeserver.background.dispatchers.first { $0.database == database }).dispatcher
        for _ in 0..<20_000 {
            if try dispatcher.logFloor() > stamp.position { return }
            try await SystemClock().sleep(milliseconds: 5)
        }
        Issue.record("the log of \(database) was not trimmed: \(dispatcher.error ?? "there is no error")")
    }

    /// A section of an answer, without how old the events are.
    private func told(_ section: String, by answer: JSONValue) -> JSONValue? {
        answer[section].map(withoutUnsigned)
    }

    private func withoutUnsigned(_ value: JSONValue) -> JSONValue {
        if let array = value.arrayValue { return .array(array.map(withoutUnsigned)) }
        guard var object = value.objectValue else { return value }
        object["unsigned"] = nil
        for (name, member) in object { object[name] = withoutUnsigned(member) }
        return .object(object)
    }
}
