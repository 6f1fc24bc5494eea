import Store

/// An entry of account data: an event's type and content.
package struct AccountDataEntry: StoreCodable, Equatable {
    package let type: String
    /// The content as JSON.
    package let content: [UInt8]

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
