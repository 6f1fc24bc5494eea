import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store
import TestSupport
import Testing

@testable import Homeserver

/// "Send-to-Device messaging".
@Suite struct ToDeviceTests {
    private let phone = Requester(userID: UserID(trusted: "@bob:example.org"), deviceID: "PHONE")

    private func send(
        _ number: Int, to user: Requester, device: String? = nil, by sender: Requester, _ transaction: String? = nil, on server: SyncServer
    ) async throws {
        let content: JSONValue = ["n": .integer(Int64(number))]
        let messages: JSONObject = [user.userID.string: .object([device ?? user.deviceID ?? "": content])]
        try await server.homeserver.toDeviceMessages.send(
            ToDeviceRequest(type: "org.example", transactionID: transaction ?? "t\(number)", messages), by: sender)
    }

    /// The numbers that a sync tells a device, and its token.
    private func told(
        _ user: Requester, since: SyncToken? = nil, on server: SyncServer
    ) async throws -> (numbers: [Int64], next: SyncToken) {
        let (answer, next) = try await server.sync(since: since, by: user)
        let events = answer["to_device", "events"]?.arrayValue ?? []
        return (events.compactMap { $0["content", "n"]?.integerValue }, next)
    }

    @Test func messagesComeInOrderUntilTheyAreAcknowledged() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            for number in 0..<3 { try await send(number, to: server.bob, by: server.alice, on: server) }
            let (initial, first) = try await told(server.bob, on: server)
            #expect(initial == [0, 1, 2])
            // Nothing is let go before the client has come with the token.
            #expect(try await told(server.bob, on: server).numbers == [0, 1, 2])
            try await send(3, to: server.bob, by: server.alice, on: server)
            for _ in 0..<2 { #expect(try await told(server.bob, since: first, on: server).numbers == [3]) }
            let (more, second) = try await told(server.bob, since: first, on: server)
            #expect(more == [3])
            #expect(try await told(server.bob, since: second, on: server).numbers == [])
            // What is let go is gone for everybody once the next commit is published.
            try await send(4, to: server.bob, by: server.alice, on: server)
            let (last, third) = try await told(server.bob, on: server)
            #expect(last == [4])
            let answer = try await server.sync(since: third, by: server.bob).answer
            #expect(answer["to_device"] == nil)
        }
    }

    @Test func anEventSaysWhatItIsAndFromWhom() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            try await send(7, to: server.bob, by: server.alice, on: server)
            let answer = try await server.sync(by: server.bob).answer
            let event: JSONValue = ["type": "org.example", "sender": .string(server.alice.userID.string), "content": ["n": 7]]
            #expect(answer["to_device", "events"]?.arrayValue == [event])
        }
    }

    @Test func aRepeatedRequestSendsNothingTwice() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            for _ in 0..<3 { try await send(1, to: server.bob, by: server.alice, "same", on: server) }
            let (numbers, next) = try await told(server.bob, on: server)
            #expect(numbers == [1])
            // Also when the message is gone.
            _ = try await told(server.bob, since: next, on: server)
            try await send(2, to: server.bob, by: server.alice, "same", on: server)
            #expect(try await told(server.bob, since: next, on: server).numbers == [])
            // Another type, and another device, have transactions of their own.
            try await send(3, to: server.bob, by: server.bob, "same", on: server)
            let messages: JSONObject = [server.bob.userID.string: ["BOB": ["n": 4]]]
            try await server.homeserver.toDeviceMessages.send(
                ToDeviceRequest(type: "org.example.other", transactionID: "same", messages), by: server.alice)
            #expect(try await told(server.bob, since: next, on: server).numbers == [3, 4])
        }
    }

    @Test func requestsAtTheSameTimeSendEachMessageOnce() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    for _ in 0..<3 { group.addTask { try await send(number, to: server.bob, by: server.alice, on: server) } }
                }
                try await group.waitForAll()
            }
            #expect(try await told(server.bob, on: server).numbers.sorted() == (0..<20).map { Int64($0) })
        }
    }

    @Test func aStarIsAllDevicesAndANamedOneGetsItsOwn() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            try await server.logIn(phone)
            let messages: JSONObject = [
                server.bob.userID.string: ["*": ["n": 1], "PHONE": ["n": 2], "NEVER": ["n": 3]],
                "@nobody:example.org": ["*": ["n": 4], "A": ["n": 5]], "@carol:elsewhere.example": ["C": ["n": 6]],
            ]
            try await server.homeserver.toDeviceMessages.send(
                ToDeviceRequest(type: "org.example", transactionID: "t", messages), by: server.alice)
            #expect(try await told(server.bob, on: server).numbers == [1])
            #expect(try await told(phone, on: server).numbers == [2])
            // Also one's own.
            try await send(8, to: server.bob, device: "*", by: server.bob, on: server)
            #expect(try await told(server.bob, on: server).numbers == [1, 8])
        }
    }

    @Test func aLongQueueIsToldInPartsAndNothingElseIsMissed() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            for number in 0..<250 { try await send(number, to: server.bob, by: server.alice, on: server) }
            var (numbers, next) = try await told(server.bob, on: server)
            #expect(numbers.count == 100)
            while true {
                let (more, then) = try await told(server.bob, since: next, on: server)
                if more.isEmpty { break }
                #expect(more.count <= 100)
                numbers += more
                next = then
            }
            #expect(numbers == (0..<250).map { Int64($0) })
        }
    }

    @Test func aRequestThatIsLargerThanACommitIsCarriedOutOnce() async throws {
        try await SyncServer.run { server in
            try await server.enter(server.alice)
            let devices = (0..<400).map { Requester(userID: server.alice.userID, deviceID: "D\($0)") }
            for device in devices { try await server.logIn(device) }
            let large = JSONValue.string(String(repeating: "x", count: 4000))
            let contents: JSONObject = ["*": ["n": 1, "large": large]]
            for _ in 0..<2 {
                try await server.homeserver.toDeviceMessages.send(
                    ToDeviceRequest(type: "org.example", transactionID: "t", [server.alice.userID.string: .object(contents)]),
                    by: server.alice)
            }
            for device in devices { #expect(try await told(device, on: server).numbers == [1]) }
        }
    }

    /// What stands beside each message, the names of its inbox, is more than the message.
    @Test func manyDevicesWithLongIDsAreSentTo() async throws {
        try await SyncServer.run { server in
            try await server.enter(server.alice)
            let name = String(repeating: "D", count: 250)
            let devices = (0..<300).map { Requester(userID: server.alice.userID, deviceID: "\(name)\($0)") }
            for device in devices { try await server.logIn(device) }
            let contents: JSONObject = ["*": ["n": 1, "large": .string(String(repeating: "x", count: 1700))]]
            try await server.homeserver.toDeviceMessages.send(
                ToDeviceRequest(type: "org.example", transactionID: "t", [server.alice.userID.string: .object(contents)]),
                by: server.alice)
            for device in [devices.first, devices.last].compactMap(\.self) { #expect(try await told(device, on: server).numbers == [1]) }
        }
    }

    @Test func aMessageWakesItsDevice() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            let since = try await server.sync(by: server.bob).next
            async let answer = server.homeserver.sync.sync(
                SyncRequest(since: since, timeoutMilliseconds: 60_000, filter: .everything), for: server.bob)
            try await send(1, to: server.bob, by: server.alice, on: server)
            #expect(try await answer.json()["to_device", "events"]?.arrayValue?.count == 1)
        }
    }

    @Test func aNewDeviceOfTheSameIDGetsNothingOfTheOldOne() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            try await server.logIn(phone)
            try await send(1, to: phone, by: server.alice, on: server)
            try await server.logOut(phone)
            try await send(2, to: phone, by: server.alice, on: server)
            try await server.logIn(phone)
            #expect(try await told(phone, on: server).numbers == [])
            try await send(3, to: phone, by: server.alice, on: server)
            #expect(try await told(phone, on: server).numbers == [3])
        }
    }

    @Test func aTokenFromTheFutureAcknowledgesNothing() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            try await send(1, to: server.bob, by: server.alice, on: server)
            let far = Position(1 << 45)
            _ = try await told(server.bob, since: SyncToken(rooms: far, accounts: far, transitory: far), on: server)
            #expect(try await told(server.bob, on: server).numbers == [1])
        }
    }

    @Test func messagesWaitAcrossARestart() async throws {
        let directory = try TemporaryDirectory()
        let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1"))
        let settings = HomeserverSettings(
            serverName: ServerName(trusted: "example.org"), dataDirectory: directory.path, signingKey: key, blockCacheBytes: 1 << 20,
            accounts: AccountsSettings())
        let next = try await Homeserver.run(settings: settings, environment: .system()) { homeserver in
            let server = SyncServer(homeserver: homeserver)
            for user in [server.alice, server.bob] { try await server.enter(user) }
            try await send(1, to: server.bob, by: server.alice, on: server)
            let next = try await told(server.bob, on: server).next
            try await send(2, to: server.bob, by: server.alice, on: server)
            return next
        }
        try await Homeserver.run(settings: settings, environment: .system()) { homeserver in
            let server = SyncServer(homeserver: homeserver)
            try await send(2, to: server.bob, by: server.alice, on: server)
            try await send(3, to: server.bob, by: server.alice, on: server)
            #expect(try await told(server.bob, since: next, on: server).numbers == [2, 3])
        }
    }

    @Test func aDehydratedDevicesMessagesStayUntilItGoes() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            func keep(_ id: String) async throws {
                _ = try await server.homeserver.encryption.keepDehydratedDevice(
                    id, data: ["algorithm": "x"], displayName: nil,
                    keys: ["device_keys": .object(TestKeys(server.bob.userID).device(id))], for: server.bob)
            }
            func list(
                _ id: String, _ token: String? = nil, limit: Int64? = nil, untilEmpty: Bool = false, by user: Requester? = nil
            ) throws -> JSONValue {
                try server.homeserver.toDeviceMessages.messages(
                    ofDehydratedDevice: id, from: token, limit: limit, goesOnUntilEmpty: untilEmpty, for: user ?? server.bob
                ).json()
            }
            await expect(.forbidden, 403) { try list("DRY") }
            try await keep("DRY")
            for number in 0..<5 { try await send(number, to: server.bob, device: "DRY", by: server.alice, on: server) }
            for (untilEmpty, sizes) in [(false, [2, 2, 1]), (true, [2, 2, 1, 0]), (false, [2, 2, 1])] {
                var pages: [[Int64]] = []
                var token: String?
                repeat {
                    let page = try list("DRY", token, limit: 2, untilEmpty: untilEmpty)
                    token = page["next_batch"]?.stringValue
                    pages.append((page["events"]?.arrayValue ?? []).compactMap { $0["content", "n"]?.integerValue })
                } while token != nil && pages.count < 10
                #expect(pages.flatMap(\.self) == [0, 1, 2, 3, 4] && pages.map(\.count) == sizes)
            }
            await expect(.forbidden, 403) { try list("BOB") }
            await expect(.forbidden, 403) { try list("DRY", by: server.alice) }
            await expect(.invalidParameter, 400) { try list("DRY", "x") }
            try await keep("DRY")
            #expect(try list("DRY")["events"] == [])
        }
    }

    @Test(
        arguments: [
            ([:], .invalidParameter, "", "t"), ([:], .invalidParameter, "x", ""),
            (["bob": [:]], .invalidParameter, "x", "t"), (["@bob:example.org": []], .badJSON, "x", "t"),
            (["@bob:example.org": ["A": "x"]], .badJSON, "x", "t"),
        ] as [(JSONObject, MatrixError.Code, String, String)])
    func wrongRequestsAreRefused(_ messages: JSONObject, _ code: MatrixError.Code, _ type: String, _ transaction: String) async throws {
        await expect(code, 400) { try ToDeviceRequest(type: type, transactionID: transaction, messages) }
    }

    @Test func largeRequestsAreRefused() async throws {
        let large: JSONValue = ["x": .string(String(repeating: "x", count: ToDeviceRequest.messageSizeMaxBytes))]
        await expect(.tooLarge, 413) {
            try ToDeviceRequest(type: "x", transactionID: "t", ["@bob:example.org": .object(["A": large])])
        }
        let many = (0...ToDeviceRequest.messagesMax).reduce(into: JSONObject()) { $0["\($1)"] = [:] }
        await expect(.tooLarge, 413) { try ToDeviceRequest(type: "x", transactionID: "t", ["@bob:example.org": .object(many)]) }
    }
}
