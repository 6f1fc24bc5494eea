import CanonicalJSON
import Testing

/// An HTTP response of the server under test.
struct Response: Sendable {
    /// The request's method and path, for messages.
    let request: String
    /// The HTTP status code.
    let status: Int
    /// Header fields, names in lower case.
    let headers: [String: String]
    /// The body.
    let bytes: [UInt8]

    /// The body as JSON; `null` if it is none.
    var body: JSONValue {
        (try? JSONValue(parsing: bytes)) ?? .null
    }

    /// The body of a success (200); anything else ends the test.
    @discardableResult
    func ok(sourceLocation: SourceLocation = #_sourceLocation) throws -> JSONValue {
        try #require(status == 200, "\(request): \(status) \(text)", sourceLocation: sourceLocation)
        return try JSONValue(parsing: bytes)
    }

    /// Expects the standard error response with this status and code, or one of these codes where the specification leaves it open.
    func fails(_ status: Int, _ codes: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(
            self.status == status && codes.contains(body["errcode"]?.stringValue ?? ""),
            "\(request): \(self.status) \(text), not \(status) \(codes.joined(separator: " or "))", sourceLocation: sourceLocation)
        #expect(body["error"]?.stringValue?.isEmpty == false, "\(request): an error without a message", sourceLocation: sourceLocation)
        #expect(headers["content-type"]?.hasPrefix("application/json") == true, sourceLocation: sourceLocation)
    }

    private var text: String {
        String(decoding: bytes.prefix(1000), as: UTF8.self)
    }
}

extension JSONValue {
    /// What lies at the end of a path of member names; nil if a member is missing on the way.
    subscript(_ path: String...) -> JSONValue? {
        path.reduce(Optional(self)) { value, name in value?.objectValue?[name] }
    }

    /// The strings of an array of strings.
    var strings: [String]? {
        arrayValue?.compactMap(\.stringValue)
    }
}

extension JSONValue: CustomTestStringConvertible {
    public var testDescription: String { String(decoding: encoded(), as: UTF8.self) }
}

extension Sequence<JSONValue> {
    /// The state event, or the first event, of this type and state key.
    func event(_ type: String, _ stateKey: String? = nil) -> JSONValue? {
        first { $0["type"]?.stringValue == type && (stateKey == nil || $0["state_key"]?.stringValue == stateKey) }
    }

    /// The events' IDs.
    var eventIDs: [String] {
        compactMap { $0["event_id"]?.stringValue }
    }

    /// The bodies of the messages among the events.
    var messageBodies: [String] {
        compactMap { $0["content", "body"]?.stringValue }
    }

    /// The events' types.
    var types: [String] {
        compactMap { $0["type"]?.stringValue }
    }
}
