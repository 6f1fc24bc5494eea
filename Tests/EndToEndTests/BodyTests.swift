import CanonicalJSON
import Testing

/// Bodies that are no JSON, no object, not UTF-8, too large: the same answers at every endpoint that takes one.
@Suite(.fewAtATime) struct BodyTests {
    enum Endpoint: String, CaseIterable {
        case login, register, createRoom, join, invite, leave, kick, send, state, redact, accountData, roomAccountData, filter, displayName,
            alias,
            visibility, publicRooms, password

        /// The request's method and path for a user and a room of the user's.
        func request(_ client: MatrixTestClient, _ room: String, _ event: String) -> (method: String, path: String) {
            let user = MatrixTestClient.encoded(client.userID)
            let room = MatrixTestClient.encoded(room)
            let request =
                switch self {
                case .login: ("POST", "login")
                case .register: ("POST", "register")
                case .createRoom: ("POST", "createRoom")
                case .join: ("POST", "rooms/\(room)/join")
                case .invite: ("POST", "rooms/\(room)/invite")
                case .leave: ("POST", "rooms/\(room)/leave")
                case .kick: ("POST", "rooms/\(room)/kick")
                case .send: ("PUT", "rooms/\(room)/send/m.room.message/\(unique("transaction"))")
                case .state: ("PUT", "rooms/\(room)/state/org.example.state")
                case .redact: ("PUT", "rooms/\(room)/redact/\(MatrixTestClient.encoded(event))/\(unique("transaction"))")
                case .accountData: ("PUT", "user/\(user)/account_data/org.example")
                case .roomAccountData: ("PUT", "user/\(user)/rooms/\(room)/account_data/org.example")
                case .filter: ("POST", "user/\(user)/filter")
                case .displayName: ("PUT", "profile/\(user)/displayname")
                case .alias: ("PUT", "directory/room/%23\(unique("alias")):localhost")
                case .visibility: ("PUT", "directory/list/room/\(room)")
                case .publicRooms: ("POST", "publicRooms")
                case .password: ("POST", "account/password")
                }
            return (request.0, "/_matrix/client/v3/\(request.1)")
        }
    }

    private static let notJSON: [[UInt8]] = [
        Array("{".utf8), Array("{\"a\": 1,}".utf8), Array("nonsense".utf8), Array("{} {}".utf8), Array("{'a': 1}".utf8),
        Array("{\"a\": NaN}".utf8),
        // Not UTF-8: a byte that never occurs, an overlong form, a surrogate, a cut sequence.
        Array("{\"a\": \"".utf8) + [0xff] + Array("\"}".utf8), Array("{\"a\": \"".utf8) + [0xc0, 0xaf] + Array("\"}".utf8),
        Array("{\"a\": \"".utf8) + [0xed, 0xa0, 0x80] + Array("\"}".utf8), Array("{\"a\": \"".utf8) + [0xe2, 0x82] + Array("\"}".utf8),
        Array("{\"a\": \"\u{1}\"}".utf8),
    ]
    private static let noObject = ["[]", "\"text\"", "1", "null", "true"]

    @Test(arguments: Endpoint.allCases)
    func onlyJSONObjectsAreTaken(_ endpoint: Endpoint) async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let event = try await alice.send("hello", to: room)
        for body in Self.notJSON {
            let (method, path) = endpoint.request(alice, room, event)
            try await alice.request(method, path, body: body).fails(400, "M_NOT_JSON")
        }
        for body in Self.noObject {
            let (method, path) = endpoint.request(alice, room, event)
            try await alice.request(method, path, body: Array(body.utf8)).fails(400, "M_BAD_JSON")
        }
        #expect(try await alice.membership(of: alice, in: room) == "join")
    }

    @Test func theDeepestNestingIsRefused() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let depth = 20_000
        let body = Array((String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)).utf8)
        let (method, path) = Endpoint.state.request(alice, room, "")
        let response = try await alice.request(method, path, body: body)
        #expect([400, 413].contains(response.status))
        #expect(["M_BAD_JSON", "M_NOT_JSON", "M_TOO_LARGE"].contains(response.body["errcode"]?.stringValue))
        try await alice.get("account", "whoami").ok()
    }

    @Test func requestsThatAreTooLargeAreRefused() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let text = String(repeating: "x", count: 32 << 20)
        for endpoint in [Endpoint.accountData, .createRoom, .send] {
            let (method, path) = endpoint.request(alice, room, "")
            try await alice.request(method, path, body: Array("{\"a\": \"\(text)\"}".utf8)).fails(413, "M_TOO_LARGE")
        }
    }

    @Test func eventsThatAreTooLargeAreRefused() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let text = String(repeating: "x", count: 65_536)
        try await alice.put("rooms", room, "send", "m.room.message", "1", body: ["msgtype": "m.text", "body": "\(text)"])
            .fails(413, "M_TOO_LARGE")
        try await alice.put("rooms", room, "state", "m.room.topic", body: ["topic": "\(text)"]).fails(413, "M_TOO_LARGE")
        try await alice.send(String(repeating: "x", count: 60_000), to: room)
        // 255 bytes are the most for a type and a state key.
        let long = String(repeating: "é", count: 128)
        for path in [("org.example", long), (long, "key")] {
            let response = try await alice.put("rooms", room, "state", path.0, path.1, body: [:])
            #expect([400, 413].contains(response.status))
            #expect(["M_TOO_LARGE", "M_INVALID_PARAM", "M_BAD_JSON"].contains(response.body["errcode"]?.stringValue))
        }
        try await alice.setState("org.example", String(repeating: "k", count: 255), in: room, to: [:])
    }
}
