/// A list of elements of any types, encoded byte for byte as FoundationDB's tuple layer does it.
///
/// The encoding sorts as the tuples do, element by element, and the encoding of a tuple's first elements is a prefix of its own. For keys
/// and values whose parts are known when the program is compiled there is ``TupleKey``, with the same encoding; this type is for what can
/// be anything.
///
/// ```swift
/// let key = Tuple([.string("m.room.member"), .integer(42), .null])
/// try Tuple(decoding: key.encoded()) == key
/// ```
package struct Tuple: Sendable, Hashable {
    /// The elements, in order.
    package var elements: [TupleElement]

    /// The tuple of these elements.
    package init(_ elements: [TupleElement] = []) {
        self.elements = elements
    }

    /// The tuple that the bytes encode.
    ///
    /// Only what ``encoded()`` gives is accepted, so that there are no two keys for one tuple.
    package init(decoding bytes: [UInt8]) throws(TupleError) {
        try self.init(decoding: bytes[...])
    }

    /// The tuple that the bytes encode.
    package init(decoding bytes: ArraySlice<UInt8>) throws(TupleError) {
        var decoder = TupleDecoder(bytes)
        elements = []
        while !decoder.isAtEnd { elements.append(try decoder.element()) }
    }

    /// The tuple's encoding; no bytes for the empty tuple.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        for element in elements { element.encode(to: &bytes, isNested: false) }
        return bytes
    }
}

extension Tuple: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        TupleElement.precedes(left.elements, right.elements)
    }
}
