/// Whom an entry concerns: a room, a user, a device, a user's device list or presence, a destination. It is what readers follow and waiters wait for.
package struct Scope: Hashable, StoreCodable, CustomStringConvertible {
    /// The kinds of scopes. The numbers are stored.
    package enum Kind: UInt8, Sendable {
        case room = 1
        case user = 2
        case device = 3
        case server = 4
        case stream = 5
        case deviceList = 6
        case presence = 7
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

// MARK: - Readable forms

extension Scope {
    /// The kind's name, and the ID: an integer for a room, text for what has a name.
    package static var readableForm: ReadableForm { .list([.text("kind of scope"), .text("ID")]) }

    package var readable: ReadableValue { .list([.text("\(kind)"), readableID]) }

    private var readableID: ReadableValue {
        switch kind {
        case .room: (try? UInt64(encoded: id).readable) ?? .bytes(id)
        case .user, .server, .deviceList, .presence: (try? String(encoded: id).readable) ?? .bytes(id)
        case .device, .stream: .bytes(id)
        }
    }

    package init(readable: ReadableValue) throws {
        let parts = readable.elements
        guard parts.count == 2, case .text(let name) = parts[0], let kind = Kind(name) else {
            throw ReadableFormError(expected: Self.readableForm)
        }
        switch (kind, parts[1]) {
        case (.room, .integer): self.init(kind, try UInt64(readable: parts[1]).encoded)
        case (.user, .text(let text)), (.server, .text(let text)), (.deviceList, .text(let text)), (.presence, .text(let text)):
            self.init(kind, text.encoded)
        case (_, let id): self.init(kind, try id.bytes(Self.readableForm))
        }
    }

    package static func keyRange(ofPrefix prefix: ReadableValue) throws -> KeyRange {
        if prefix.elements.count == 2 { return .prefix(try Scope(readable: prefix).encoded) }
        guard case .text(let name)? = prefix.elements.first, let kind = Kind(name) else {
            throw ReadableFormError(expected: readableForm)
        }
        return .prefix([kind.rawValue])
    }
}

extension Scope.Kind: CaseIterable {
    fileprivate init?(_ name: String) {
        guard let kind = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = kind
    }
}

extension Change {
    package var readable: ReadableValue {
        ["kind": kind.readable, "scope": scope.readable, "key": .bytes(key)]
    }
}
