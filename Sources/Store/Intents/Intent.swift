/// An intent's number.
package struct IntentID: ShortID {
    package let number: UInt64

    package init(number: UInt64) {
        self.number = number
    }
}

/// What a commit of one database has decided that others are to do.
package struct Intent: Sendable, Hashable {
    /// Which kind of work it is.
    package let kind: String
    /// What it is about, in the form that its kind has.
    package let payload: [UInt8]

    package init(kind: String, payload: [UInt8]) {
        self.kind = kind
        self.payload = payload
    }
}

/// The tuple of kind and payload.
extension Intent: StoreCodable {
    package var encoded: [UInt8] {
        TupleKey(kind, payload).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (kind, payload) = try TupleKey<String, [UInt8]>(encoded: bytes).parts
        self.init(kind: kind, payload: payload)
    }
}

extension Intent {
    package var readable: ReadableValue { ["kind": kind.readable, "payload": .bytes(payload)] }
}
