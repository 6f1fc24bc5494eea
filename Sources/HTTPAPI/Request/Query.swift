import MatrixProtocol

/// The parameters of a request's query: percent-decoded, `+` as a space, in the order in which they were sent.
///
/// Everything throws `M_INVALID_PARAM` for a value that is no valid encoding of UTF-8 or not of the type that is asked for.
package struct Query: Sendable {
    /// What follows the question mark, as it was sent.
    private let encoded: Substring

    init(_ encoded: Substring) {
        self.encoded = encoded
    }

    /// The parameter's first value; nil if it is missing.
    package func string(_ name: String) throws(MatrixError) -> String? {
        try values(of: name, max: 1).first
    }

    /// All values of a parameter that can be repeated.
    package func strings(_ name: String) throws(MatrixError) -> [String] {
        try values(of: name, max: .max)
    }

    /// A parameter that must be there, `M_MISSING_PARAM` if it is missing.
    package func required(_ name: String) throws(MatrixError) -> String {
        guard let value = try string(name) else { throw MatrixError(.missingParameter, "Missing query parameter \(name)") }
        return value
    }

    /// A decimal integer; nil if the parameter is missing.
    package func integer(_ name: String, in range: ClosedRange<Int64> = .min ... .max) throws(MatrixError) -> Int64? {
        guard let text = try string(name) else { return nil }
        guard let value = Int64(text) else { throw MatrixError(.invalidParameter, "Query parameter \(name) must be an integer") }
        guard range.contains(value) else { throw MatrixError(.invalidParameter, "Query parameter \(name) is out of range") }
        return value
    }

    /// `true` or `false`; nil if the parameter is missing.
    package func bool(_ name: String) throws(MatrixError) -> Bool? {
        switch try string(name) {
        case nil: nil
        case "true": true
        case "false": false
        default: throw MatrixError(.invalidParameter, "Query parameter \(name) must be true or false")
        }
    }

    /// One of the values of an enumeration; nil if the parameter is missing.
    package func choice<Choice: RawRepresentable<String>>(_ name: String, of type: Choice.Type) throws(MatrixError) -> Choice? {
        guard let text = try string(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw MatrixError(.invalidParameter, "Query parameter \(name) has an unknown value")
        }
        return choice
    }

    /// One of the values of an enumeration, `M_MISSING_PARAM` if the parameter is missing.
    package func requiredChoice<Choice: RawRepresentable<String>>(_ name: String, of type: Choice.Type) throws(MatrixError) -> Choice {
        guard let choice = try self.choice(name, of: type) else { throw MatrixError(.missingParameter, "Missing query parameter \(name)") }
        return choice
    }

    /// How many entries are wanted: the parameter `limit`, which is at least `least`; of more than `max` there are `max`.
    package func limit(default usual: Int, max: Int, atLeast least: Int64 = 0) throws(MatrixError) -> Int {
        Int(min(try integer("limit", in: least...Int64.max) ?? Int64(usual), Int64(max)))
    }

    /// An identifier; nil if the parameter is missing.
    package func identifier<ID: Identifier>(_ name: String, as type: ID.Type) throws(MatrixError) -> ID? {
        guard let text = try string(name) else { return nil }
        guard let identifier = ID(text) else { throw MatrixError(.invalidParameter, "Query parameter \(name) is not a valid \(ID.self)") }
        return identifier
    }

    private func values(of name: String, max: Int) throws(MatrixError) -> [String] {
        var values: [String] = []
        var rest = encoded
        while !rest.isEmpty, values.count < max {
            let end = rest.utf8.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
            let pair = rest[..<end]
            rest = end < rest.endIndex ? rest[rest.utf8.index(after: end)...] : ""
            let equals = pair.utf8.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard PercentEncoding.decode(pair[..<equals], plusIsSpace: true) == name else { continue }
            let encodedValue = equals < pair.endIndex ? pair[pair.utf8.index(after: equals)...] : ""
            guard let value = PercentEncoding.decode(encodedValue, plusIsSpace: true) else {
                throw MatrixError(.invalidParameter, "Query parameter \(name) is not valid percent-encoded UTF-8")
            }
            values.append(value)
        }
        return values
    }
}
