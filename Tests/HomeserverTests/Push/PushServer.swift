import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import Synchronization
import TestSupport
import Testing

@testable import Homeserver

/// A push gateway that keeps what it is told.
final class PushGatewayDouble: OutgoingHTTP {
    private struct State {
        var requests: [(url: String, body: JSONValue)] = []
        var failures = 0
        var rejected: [String] = []
        var refusesCounts = false
        var refused = 0
    }

    private let state = Mutex(State())

    /// Has so many requests fail.
    func fail(_ count: Int) { state.withLock { $0.failures = count } }

    /// How many requests are still to fail.
    var failuresLeft: Int { state.withLock { $0.failures } }

    /// Has the gateway refuse what tells of no event.
    func refuseCounts(_ refusesCounts: Bool) { state.withLock { $0.refusesCounts = refusesCounts } }

    /// How many requests it has refused, since they told of no event.
    var refused: Int { state.withLock { $0.refused } }

    /// Has the gateway refuse a push key.
    func reject(_ pushKey: String) { state.withLock { $0.rejected.append(pushKey) } }

    /// What it has taken.
    var requests: [(url: String, body: JSONValue)] { state.withLock { $0.requests } }

    func answer(to request: OutgoingRequest) async throws -> OutgoingAnswer {
        let body = try request.body?.json() ?? .null
        return state.withLock { state in
            if state.failures > 0 {
                state.failures -= 1
                return OutgoingAnswer(status: 502, body: [])
            }
            if state.refusesCounts, body["notification", "event_id"] == nil {
                state.refused += 1
                return OutgoingAnswer(status: 400, body: [])
            }
            state.requests.append((request.url, body))
            let answer: JSONObject = ["rejected": .array(state.rejected.map { .string($0) })]
            return OutgoingAnswer(status: 200, body: answer.encoded())
        }
    }

    /// One that is in the administrator's own network.
    func allowsPlainHTTP(to url: String) async -> Bool { url.hasPrefix("http://gateway.local/") }

    /// The notification of one of the requests, in the order of their coming; waits until it has come.
    func notification(_ index: Int) async throws -> JSONValue {
        try await until { self.requests.count > index }
        return try #require(requests[index].body["notification"])
    }
}

/// Waits until something is so.
func until(_ isSo: () throws -> Bool) async throws {
    while try !isSo() { try await Task.sleep(for: .milliseconds(2)) }
}

/// A whole homeserver with a push gateway, and people on it.
struct PushServer {
    let homeserver: Homeserver
    let gateway: PushGatewayDouble
    let alice = Requester(userID: UserID(trusted: "@alice:example.org"), deviceID: "ALICE")
    let bob = Requester(userID: UserID(trusted: "@bob:example.org"), deviceID: "BOB")
    let carol = Requester(userID: UserID(trusted: "@carol:example.org"), deviceID: "CAROL")

    /// Runs `body` with a server.
    static func run(_ pushRules: PushRuleOptions = PushRuleOptions(), _ body: (PushServer) async throws -> Void) async throws {
        try await run(on: TemporaryDirectory(), pushRules: pushRules) { try await body($0) }
    }

    /// Runs `body` with a server on the directory, which it may have been on before.
    static func run<Result>(
        on directory: TemporaryDirectory, _ gateway: PushGatewayDouble = PushGatewayDouble(),
        pushRules: PushRuleOptions = PushRuleOptions(), _ body: (PushServer) async throws -> Result
    ) async throws -> Result {
        let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1"))
        var settings = HomeserverSettings(
            serverName: ServerName(trusted: "example.org"), dataDirectory: directory.path, signingKey: key, blockCacheBytes: 1 << 20,
            accounts: AccountsSettings())
        settings.accounts.pushRules = pushRules
        settings.following.backoff = Backoff(firstMilliseconds: 1, maxMilliseconds: 5)
        var environment = Environment.system()
        environment.outgoingHTTP = gateway
        return try await Homeserver.run(settings: settings, environment: environment) {
            try await body(PushServer(homeserver: $0, gateway: gateway))
        }
    }

    /// A room of Alice's, which the others have joined one after the other.
    func room(_ preset: CreateRoomRequest.Preset = .publicChat, with others: Requester...) async throws -> RoomID {
        var request = CreateRoomRequest()
        request.preset = preset
        let room = try await homeserver.rooms.create(request, by: alice)
        for user in others { try await homeserver.rooms.join(room, content: [:], by: user) }
        return room
    }

    @discardableResult
    func say(_ text: String, _ more: JSONObject = [:], in room: RoomID, by user: Requester) async throws -> EventID {
        var content: JSONObject = ["msgtype": "m.text", "body": .string(text)]
        for (key, value) in more { content[key] = value }
        return try await homeserver.rooms.send(
            "m.room.message", content, to: room, transactionID: SystemRandom().alphanumeric(10), by: user)
    }

    /// What makes a message mention somebody.
    func mentioning(_ user: Requester) -> JSONObject { ["m.mentions": ["user_ids": [.string(user.userID.string)]]] }

    /// What makes a message part of a thread.
    func inThread(_ root: EventID) -> JSONObject { ["m.relates_to": ["rel_type": "m.thread", "event_id": .string(root.string)]] }

    /// Sets a receipt.
    func read(
        _ event: EventID, in room: RoomID, by user: Requester, thread: ThreadID? = nil, _ kind: ReadReceipt.Kind = .read
    ) async throws {
        try await homeserver.rooms.database.commit { commit in
            guard let (pduID, _) = try commit.view.timelineEvent(event) else { return }
            let receipt = ReadReceipt(event: event, order: pduID.order, thread: thread, time: 0)
            try commit.setReceipt(receipt, kind, of: user.userID, in: pduID.room)
        }
    }

    func sync(since: SyncToken? = nil, filter: JSONObject = [:], by user: Requester) async throws -> (answer: JSONValue, next: SyncToken) {
        let request = SyncRequest(since: since, filter: try SyncFilter(checking: filter))
        let answer = try await homeserver.sync.sync(request, for: user).json()
        return (answer, try #require(answer["next_batch"]?.stringValue.flatMap(SyncToken.init(_:))))
    }

    /// A user's unread counts of a room, all threads together: those that notify, and those that stand out.
    func counts(of room: RoomID, for user: Requester) async throws -> [Int64?] {
        Self.counts(try await sync(by: user).answer["rooms", "join", room.string, "unread_notifications"])
    }

    /// The same for each thread, by the names of threads.
    func threadCounts(of room: RoomID, for user: Requester) async throws -> [String: [Int64?]] {
        let filter: JSONObject = ["room": ["timeline": ["unread_thread_notifications": true]]]
        let answer = try #require(try await sync(filter: filter, by: user).answer["rooms", "join", room.string])
        let threads = try #require(answer["unread_thread_notifications"]?.objectValue)
        return threads.reduce(into: ["main": Self.counts(answer["unread_notifications"])]) { $0[$1.key] = Self.counts($1.value) }
    }

    static func counts(_ json: JSONValue?) -> [Int64?] {
        [json?["notification_count"]?.integerValue, json?["highlight_count"]?.integerValue]
    }

    /// Sets a pusher of Bob's.
    func setPusher(_ pushKey: String = "key", data more: JSONObject = [:], isEnabled: Bool = true) async throws {
        var data: JSONObject = ["url": "https://gateway.example/_matrix/push/v1/notify"]
        for (key, value) in more { data[key] = value }
        try await homeserver.pushers.set(
            PusherRequest(
                appID: "com.example.app", pushKey: pushKey, appDisplayName: "App", deviceDisplayName: "Phone", language: "en", data: data,
                isEnabled: isEnabled), for: bob)
    }
}
