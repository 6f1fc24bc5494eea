import Store

/// An entry of account data: an event's type and content.
package struct AccountDataEntry: StoreCodable, Equatable {
    package let type: String
    /// The content as JSON.
    package let content: [UInt8]

    /// The content of an entry that was removed: it is kept so that clients learn of it (MSC3391).
    package static let removed = Array("{}".utf8)

    /// Whether the entry was removed.
    package var isRemoved: Bool { content == Self.removed }

    package init(type: String, content: [UInt8]) {
        self.type = type
        self.content = content
    }

    /// The tuple of type and content.
    package var encoded: [UInt8] {
        TupleKey(type, content).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (type, content) = try TupleKey<String, [UInt8]>(encoded: bytes).parts
        self.init(type: type, content: content)
    }
}

extension AccountDataEntry {
    package var readable: ReadableValue { ["type": type.readable, "content": .bytes(content)] }
}
