import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// A session of user-interactive authentication ("User-Interactive Authentication API"): a request, and the stages that its sender has
/// completed for it.
package struct InteractiveAuthSession: StoreCodable, Equatable {
    /// Whose session it is (user and device, both nil where nobody is logged in), and its ID, which begins with the time it was made at,
    /// so that the oldest come first.
    package typealias Key = TupleKey<UserID?, String?, String>

    /// A session with which an operation was allowed, as it was then.
    package struct Claim: Sendable {
        package let key: Key
        package let session: InteractiveAuthSession

        package init(key: Key, session: InteractiveAuthSession) {
            self.key = key
            self.session = session
        }
    }

    /// What the session allows, such as `register`.
    package let operation: String
    /// What the operation is asked to do; nil as long as the client hasn't said it.
    package var request: String?
    /// The types of the completed stages, in the order of their completion.
    package var completed: [String]
    /// The ID of the validation session by which an address was proved in one of them; nil if none was.
    package var proof: String?
    /// When it ends, in milliseconds since 1970.
    package let expiresAt: Int64

    package init(operation: String, request: String?, completed: [String] = [], proof: String? = nil, expiresAt: Int64) {
        self.operation = operation
        self.request = request
        self.completed = completed
        self.proof = proof
        self.expiresAt = expiresAt
    }

    /// A JSON object.
    package var encoded: [UInt8] {
        var object: JSONObject = [
            "operation": .string(operation), "completed": .array(completed.map { .string($0) }), "expires_ts": .integer(expiresAt),
        ]
        object["request"] = request.map { .string($0) }
        object["proof"] = proof.map { .string($0) }
        return object.encoded()
    }

    package init(encoded bytes: [UInt8]) throws {
        guard let object = try? JSONValue(parsing: bytes).objectValue, let operation = object["operation"]?.stringValue,
            let completed = object["completed"]?.arrayValue, let expiresAt = object["expires_ts"]?.integerValue
        else { throw StoreError.undecodable(bytes, as: "a session of user-interactive authentication") }
        self.init(
            operation: operation, request: object["request"]?.stringValue, completed: completed.compactMap(\.stringValue),
            proof: object["proof"]?.stringValue, expiresAt: expiresAt)
    }
}
