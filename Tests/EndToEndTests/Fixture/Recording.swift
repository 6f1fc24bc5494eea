import CanonicalJSON
import TestSupport
import Testing

/// What a server answered while its data directory was made a fixture, to be compared with what a later program answers from that directory.
struct Recording {
    /// The devices that have been logged in, by the names that the recording gives them.
    var devices: [String: MatrixTestClient] = [:]
    /// What was asked and answered, in its order.
    private var answers: [(device: String, target: String, body: JSONValue)] = []
    /// What else a test has to know to go on: IDs and tokens, by names.
    var facts: JSONObject = [:]

    /// Members of answers that say when or from where somebody asked, who was online then, how many one-time keys there are, which a copy drops;
    /// and what the first programs told in another way: what is unread, what state was before (to everybody), and whether there is more of a room
    /// that was joined and left between two syncs.
    private static let volatile: Set<String> = [
        "age", "next_batch", "start", "end", "last_seen_ip", "last_seen_ts", "presence", "device_one_time_keys_count",
        "unread_notifications", "prev_content", "prev_sender", "limited",
    ]

    /// Asks as a device, and keeps the answer.
    mutating func record(
        _ device: String, _ path: String..., query: [(String, String)] = [], api: String = MatrixTestClient.clientAPI
    ) async throws {
        let parameters = query.map { "\(MatrixTestClient.encoded($0.0))=\(MatrixTestClient.encoded($0.1))" }.joined(separator: "&")
        let target = api + path.map { "/" + MatrixTestClient.encoded($0) }.joined() + (parameters.isEmpty ? "" : "?" + parameters)
        let body = try await client(device).request("GET", target).ok()
        answers.append((device, target, Self.withoutVolatile(body)))
    }

    /// Asks all of it again, and expects everything that was answered to be in the answers; a later program may say more.
    func expectSameAnswers(on server: ServerProcess) async throws {
        for (device, target, expected) in answers {
            let body = try await client(device).at(server).request("GET", target).ok()
            let isSame = Self.withoutVolatile(expected).isContained(in: body)
            #expect(isSame, "\(target) was answered \(expected.testDescription), and is now \(body.testDescription)")
        }
    }

    /// The client of a device.
    func client(_ device: String) throws -> MatrixTestClient {
        try #require(devices[device])
    }

    /// A fact that is text.
    func fact(_ name: String) throws -> String {
        try #require(facts[name]?.stringValue)
    }

    private static func withoutVolatile(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let object):
            var kept: JSONObject = [:]
            for (name, member) in object where !volatile.contains(name) { kept[name] = withoutVolatile(member) }
            return .object(kept)
        case .array(let elements): return .array(elements.map(withoutVolatile))
        default: return value
        }
    }
}

/// The file in which a recording is kept.
extension Recording {
    var json: JSONValue {
        var devices: JSONObject = [:]
        for (name, client) in self.devices {
            devices[name] = [
                "user_id": .string(client.userID), "device_id": .string(client.deviceID), "access_token": .string(client.accessToken ?? ""),
            ]
        }
        let answers = answers.map { device, target, body -> JSONValue in
            ["device": .string(device), "request": .string(target), "answer": body]
        }
        return ["devices": .object(devices), "facts": .object(facts), "answers": .array(answers)]
    }

    init(_ json: JSONValue) throws {
        for (name, device) in try #require(json["devices"]?.objectValue) {
            devices[name] = MatrixTestClient(
                baseURL: "", userID: try #require(device["user_id"]?.stringValue), deviceID: try #require(device["device_id"]?.stringValue),
                accessToken: try #require(device["access_token"]?.stringValue))
        }
        facts = try #require(json["facts"]?.objectValue)
        for answer in try #require(json["answers"]?.arrayValue) {
            answers.append(
                (try #require(answer["device"]?.stringValue), try #require(answer["request"]?.stringValue), try #require(answer["answer"])))
        }
    }
}

extension JSONValue {
    /// Whether `other` says all that this says: its objects have the same members and perhaps more, its arrays
    /// begin with the same elements.
    fileprivate func isContained(in other: JSONValue) -> Bool {
        switch (self, other) {
        case (.object(let object), .object(let other)):
            object.allSatisfy { name, member in other[name].map { member.isContained(in: $0) } ?? false }
        case (.array(let elements), .array(let others)):
            elements.count <= others.count && zip(elements, others).allSatisfy { $0.isContained(in: $1) }
        default:
            self == other
        }
    }
}
