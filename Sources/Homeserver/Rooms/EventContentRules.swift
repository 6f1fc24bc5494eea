import CanonicalJSON
import MatrixProtocol

/// What the content of every event that a client sends may consist of: canonical JSON (appendices, "Canonical JSON"), in each room version
/// that is made here.
enum EventContentRules {
    /// The deepest nesting of a content; the content itself is at depth 1.
    static let depthMax = 128
    /// The largest distance from zero of an integer.
    static let integerMax: Int64 = (1 << 53) - 1

    /// - Throws: `M_BAD_JSON` for numbers with a fraction or an exponent, for integers outside ±(2^53 - 1), and for what is nested too deeply.
    static func check(_ content: JSONObject) throws(MatrixError) {
        for (key, value) in content { try check(value, of: key, depth: 2) }
    }

    /// - Parameter depth: where the value is, if it is an array or an object.
    private static func check(_ value: JSONValue, of key: String, depth: Int) throws(MatrixError) {
        switch value {
        case .null, .bool, .string: return
        case .integer(let integer):
            guard (-integerMax...integerMax).contains(integer) else { throw notCanonical(key) }
        case .bigInteger, .double: throw notCanonical(key)
        case .array(let elements):
            guard depth <= depthMax else { throw tooDeep }
            for element in elements { try check(element, of: key, depth: depth + 1) }
        case .object(let object):
            guard depth <= depthMax else { throw tooDeep }
            for (key, value) in object { try check(value, of: key, depth: depth + 1) }
        }
    }

    private static var tooDeep: MatrixError {
        MatrixError(.badJSON, "The content is nested more than \(depthMax) levels deep")
    }

    private static func notCanonical(_ key: String) -> MatrixError {
        MatrixError(.badJSON, "\(key) must be an integer of at most ±(2^53 - 1): events have no other numbers")
    }
}
