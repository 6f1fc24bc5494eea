/// A key or a value as the bytes that a map holds.
///
/// Fixed-width parts are raw big-endian bytes; keys with parts of variable length are tuples (`TupleKey`); what is left is text
/// or an event's own bytes.
package protocol StoreCodable: Sendable, HumanReadable {
    /// The bytes to store. As keys they sort as the values do.
    var encoded: [UInt8] { get }

    /// Reads the bytes back.
    ///
    /// - Throws: `StoreError.undecodable` when the bytes are not such a value.
    init(encoded bytes: [UInt8]) throws

    /// All keys that begin with what somebody wrote in the readable form of such a key or of its first part.
    ///
    /// - Throws: ``ReadableFormError`` when it is in another form.
    static func keyRange(ofPrefix prefix: ReadableValue) throws -> KeyRange
}

extension [UInt8]: StoreCodable {
    package var encoded: [UInt8] { self }

    package init(encoded bytes: [UInt8]) {
        self = bytes
    }
}

extension String: StoreCodable {
    package var encoded: [UInt8] { Array(utf8) }

    package init(encoded bytes: [UInt8]) throws {
        guard let string = String(validating: bytes, as: UTF8.self) else { throw StoreError.undecodable(bytes, as: "text") }
        self = string
    }
}

/// The value of a map that is a set of keys.
package struct Empty: StoreCodable, Equatable {
    package init() {}

    package var encoded: [UInt8] { [] }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.isEmpty else { throw StoreError.undecodable(bytes, as: "nothing") }
    }
}
