/// Whom an entry concerns: a room, a user, a device, a destination. It is what readers follow and waiters wait for.
package struct Scope: Hashable, StoreCodable, CustomStringConvertible {
    /// The kinds of scopes. The numbers are stored.
    package enum Kind: UInt8, Sendable {
        case room = 1
        case user = 2
        case device = 3
        case server = 4
        case stream = 5
    }

    package let kind: Kind
    /// The room's short ID, the user's ID, and so on, as bytes.
    package let id: [UInt8]

    package init(_ kind: Kind, _ id: [UInt8]) {
        self.kind = kind
        self.id = id
    }

    package var encoded: [UInt8] { [kind.rawValue] + id }

    package init(encoded bytes: [UInt8]) throws {
        guard let first = bytes.first, let kind = Kind(rawValue: first) else { throw StoreError.undecodable(bytes, as: "a scope") }
        self.init(kind, Array(bytes.dropFirst()))
    }

    package var description: String { "\(kind) \(id)" }
}

/// A stamped entry, as the log of positions knows it.
package struct Change: StoreCodable, Hashable {
    /// What kind of entry it is; each database numbers its own.
    package let kind: UInt8
    /// Whom it concerns.
    package let scope: Scope
    /// Where the entry is found, in the form that its kind has.
    package let key: [UInt8]

    package init(kind: UInt8, scope: Scope, key: [UInt8]) {
        self.kind = kind
        self.scope = scope
        self.key = key
    }

    /// Kind, kind of scope, length of the scope's ID (2 bytes), the ID, the key.
    package var encoded: [UInt8] {
        precondition(scope.id.count <= UInt16.max)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + scope.id.count + key.count)
        bytes.append(kind)
        bytes.append(scope.kind.rawValue)
        bytes.append(UInt8(scope.id.count >> 8))
        bytes.append(UInt8(scope.id.count & 0xff))
        bytes.append(contentsOf: scope.id)
        bytes.append(contentsOf: key)
        return bytes
    }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.count >= 4, let scopeKind = Scope.Kind(rawValue: bytes[1]) else {
            throw StoreError.undecodable(bytes, as: "an entry of the log")
        }
        let keyStart = 4 + Int(bytes[2]) << 8 + Int(bytes[3])
        guard bytes.count >= keyStart else { throw StoreError.undecodable(bytes, as: "an entry of the log") }
        self.init(kind: bytes[0], scope: Scope(scopeKind, Array(bytes[4..<keyStart])), key: Array(bytes[keyStart...]))
    }
}
