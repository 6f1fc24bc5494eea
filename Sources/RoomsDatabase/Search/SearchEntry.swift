import Store

/// Where the search index has a word: the key of an entry.
package struct SearchKey: StoreCodable, Hashable {
    package let room: ShortRoomID
    /// The word, as UTF-8.
    package let word: [UInt8]
    /// The event's place in the room's timeline.
    package let order: Int64

    init(room: ShortRoomID, word: [UInt8], order: Int64) {
        self.room = room
        self.word = word
        self.order = order
    }

    /// All entries of a word in a room with orders up to `newest`.
    static func range(of word: [UInt8], in room: ShortRoomID, upTo newest: Int64) -> KeyRange {
        KeyRange(
            lower: SearchKey(room: room, word: word, order: .min).encoded,
            upper: SearchKey(room: room, word: word, order: newest).encoded + [0])
    }

    /// The short room ID (8 bytes), the word, a zero byte, the order (8 bytes).
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(17 + word.count)
        room.encodeFixedWidth(to: &bytes)
        bytes += word
        bytes.append(0)
        order.encodeFixedWidth(to: &bytes)
        return bytes
    }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.count > 17, bytes[bytes.count - 9] == 0 else { throw StoreError.undecodable(bytes, as: "a place of a word") }
        self.init(
            room: ShortRoomID(fixedWidth: bytes.prefix(8)), word: Array(bytes[8..<bytes.count - 9]),
            order: Int64(fixedWidth: bytes.suffix(8)))
    }
}

/// What an event's text has of a word: the value of an entry. Numbers above 255 count as 255.
package struct SearchWeight: StoreCodable, Hashable {
    /// How often the word is there.
    package let count: UInt8
    /// How many words the text has.
    package let textLength: UInt8

    init(count: Int, textLength: Int) {
        self.count = UInt8(clamping: count)
        self.textLength = UInt8(clamping: textLength)
    }

    /// How much of the text the word is.
    var share: Double { Double(count) / Double(max(1, textLength)) }

    /// The two numbers, a byte each.
    package var encoded: [UInt8] { [count, textLength] }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.count == 2 else { throw StoreError.undecodable(bytes, as: "a word's weight") }
        (count, textLength) = (bytes[0], bytes[1])
    }
}

// MARK: - Readable forms

extension SearchKey {
    /// Room, word and order; a prefix has the room, or the room and a whole word.
    package static var readableForm: ReadableForm { .list([ShortRoomID.readableForm, .text("word"), .integer("order")]) }

    package var readable: ReadableValue {
        .list([room.readable, .text(String(decoding: word, as: UTF8.self)), order.readable])
    }

    package init(readable: ReadableValue) throws {
        guard case .list(let parts) = readable, parts.count == 3, case .text(let word) = parts[1], !word.isEmpty else {
            throw ReadableFormError(expected: Self.readableForm)
        }
        self.init(room: try ShortRoomID(readable: parts[0]), word: Array(word.utf8), order: try Int64(readable: parts[2]))
    }

    package static func keyRange(ofPrefix prefix: ReadableValue) throws -> KeyRange {
        guard case .list(let parts) = prefix, let first = parts.first else { return .all }
        let room = try ShortRoomID(readable: first).encoded
        switch (parts.count, parts.dropFirst().first) {
        case (1, _): return .prefix(room)
        case (2, .text(let word)?): return .prefix(room + Array(word.utf8) + [0])
        default: return .prefix(try SearchKey(readable: prefix).encoded)
        }
    }
}

extension SearchWeight {
    package var readable: ReadableValue { ["count": count.readable, "text_length": textLength.readable] }
}
