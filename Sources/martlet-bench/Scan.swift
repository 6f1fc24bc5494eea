import CanonicalJSON

/// Reads members of an answer that is a JSON object, without decoding the rest; what is missing is a failed request.
struct Scan: Sendable {
    private let fields: JSONFields

    init(_ answer: [UInt8]) throws(RequestFailure) {
        try self.init(answer[...])
    }

    init(_ answer: ArraySlice<UInt8>) throws(RequestFailure) {
        do {
            fields = try JSONFields(scanning: answer, limits: JSONLimits(sizeMaxBytes: HTTPAnswer.sizeMaxBytes))
        } catch {
            throw RequestFailure("the answer is not a JSON object")
        }
    }

    /// How many members the object has.
    var count: Int { fields.count }

    func string(_ name: String) throws(RequestFailure) -> String {
        guard let value = fields.string(name) else {
            throw RequestFailure("no \(name) in the answer")
        }
        return value
    }

    /// nil where the object has no such member.
    func stringIfPresent(_ name: String) -> String? {
        fields.string(name)
    }

    func object(_ name: String) throws(RequestFailure) -> Scan {
        guard let value = fields.slice(name) else {
            throw RequestFailure("no \(name) in the answer")
        }
        return try Scan(value)
    }

    /// The member's value, decoded: for what is not on the clock.
    func array(_ name: String) throws(RequestFailure) -> [JSONValue] {
        guard let bytes = fields.slice(name), let elements = (try? JSONValue(parsing: bytes))?.arrayValue else {
            throw RequestFailure("no \(name) in the answer")
        }
        return elements
    }

    /// Each member's value as an object, in the order of the text.
    func objects() throws(RequestFailure) -> [Scan] {
        var objects: [Scan] = []
        for field in fields {
            objects.append(try Scan(fields.bytes[field.value]))
        }
        return objects
    }
}
