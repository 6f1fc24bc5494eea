import CanonicalJSON
import MatrixProtocol

/// A user and a password, as clients send them for `m.login.password` ("Password-based", "Identifier types").
package struct PasswordCredentials: Sendable {
    /// A user ID or its localpart, as it was typed; nil if another identifier was given.
    package let user: String?
    /// An email address, if that was given.
    package let email: String?
    package let password: String

    package init(user: String?, email: String? = nil, password: String) {
        self.user = user
        self.email = email
        self.password = password
    }

    /// Reads the body of a login, or an `auth` object.
    ///
    /// - Throws: `M_MISSING_PARAM`, `M_BAD_JSON`; `M_UNKNOWN` for an unknown type of identifier.
    package init(_ object: JSONObject) throws(MatrixError) {
        if object["identifier"] != nil {
            guard let identifier = object["identifier"]?.objectValue else {
                throw MatrixError(.badJSON, "identifier must be an object")
            }
            switch try Self.string("type", in: identifier, "identifier.") {
            case "m.id.user":
                user = try Self.string("user", in: identifier, "identifier.")
                email = nil
            case "m.id.thirdparty":
                user = nil
                let address = try Self.string("address", in: identifier, "identifier.")
                email = try Self.string("medium", in: identifier, "identifier.") == "email" ? address : nil
            case "m.id.phone":
                user = nil
                email = nil
            default: throw MatrixError(.unknown, "Unknown type of identifier", status: 400)
            }
        } else if object["user"] == nil, object["address"] != nil {
            user = nil
            email = object["medium"] == "email" ? object["address"]?.stringValue : nil
        } else {
            user = try Self.string("user", in: object, "")
            email = nil
        }
        password = try Self.string("password", in: object, "")
    }

    private static func string(_ key: String, in object: JSONObject, _ place: String) throws(MatrixError) -> String {
        guard let value = object[key] else { throw MatrixError(.missingParameter, "Missing \(place)\(key)") }
        guard let string = value.stringValue else { throw MatrixError(.badJSON, "\(place)\(key) must be a string") }
        return string
    }
}
