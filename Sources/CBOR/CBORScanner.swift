/// Reads well-formed CBOR (RFC 8949), item by item.
///
/// What it reads is bounded: nesting by `depthMax`, counts by the bytes that are left. Texts have to be UTF-8.
struct CBORScanner {
    /// The major types of RFC 8949, section 3.1.
    enum MajorType: UInt8 {
        case unsigned, negative, bytes, text, array, map, tag, simple
    }

    /// An item's first bytes.
    struct Head {
        let type: MajorType
        /// The low five bits of the first byte.
        let information: UInt8
        let argument: UInt64

        /// Whether it opens an item that a break ends; of a simple value, whether it is that break.
        var isIndefinite: Bool { information == 31 }
    }

    private let bytes: ArraySlice<UInt8>
    private let depthMax: Int
    /// Index of the next byte.
    private(set) var position: Int

    /// The byte that ends an item of indefinite length.
    private static let breakByte: UInt8 = 0xff

    init(_ bytes: ArraySlice<UInt8>, depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    /// How many bytes come before the next one.
    var offset: Int { position - bytes.startIndex }

    /// - Throws: `trailingBytes` if anything is left.
    func finish() throws(CBORError) {
        if !isAtEnd { throw .trailingBytes(offset: offset) }
    }

    mutating func readHead() throws(CBORError) -> Head {
        let start = offset
        let first = try readByte()
        guard let type = MajorType(rawValue: first >> 5) else { preconditionFailure("three bits are one of eight types") }
        let information = first & 0x1f
        var argument = UInt64(information)
        switch information {
        case 0..<24: break
        case 24...27:
            argument = 0
            for _ in 0..<(1 << (information - 24)) { argument = argument << 8 | UInt64(try readByte()) }
        case 31:
            switch type {
            case .unsigned, .negative, .tag: throw .unexpectedByte(first, offset: start)
            default: break
            }
        default: throw .unexpectedByte(first, offset: start)
        }
        // Simple values below 32 have a form of one byte only.
        if type == .simple, information == 24, argument < 32 { throw .unexpectedByte(first, offset: start) }
        return Head(type: type, information: information, argument: argument)
    }

    /// The bytes of a string whose head was read; of one of indefinite length, those of its chunks.
    mutating func readString(_ head: Head) throws(CBORError) -> ArraySlice<UInt8> {
        guard head.isIndefinite else { return try readChunk(head) }
        var joined: [UInt8] = []
        while try !takeBreak() {
            let start = position
            let chunk = try readHead()
            guard chunk.type == head.type, !chunk.isIndefinite else {
                throw .unexpectedByte(bytes[start], offset: start - bytes.startIndex)
            }
            joined += try readChunk(chunk)
        }
        return joined[...]
    }

    private mutating func readChunk(_ head: Head) throws(CBORError) -> ArraySlice<UInt8> {
        guard head.argument <= UInt64(bytes.endIndex - position) else { throw .unexpectedEnd(offset: bytes.count) }
        let chunk = bytes[position..<position + Int(head.argument)]
        if head.type == .text, String(validating: chunk, as: UTF8.self) == nil { throw .invalidUTF8(offset: offset) }
        position = chunk.endIndex
        return chunk
    }

    /// Calls `read` for each item of an array or a map whose head was read; for a map that is for each key and each value.
    mutating func readItems(
        _ head: Head, depth: Int, _ read: (inout CBORScanner) throws(CBORError) -> Void
    ) throws(CBORError) {
        guard depth <= depthMax else { throw .tooDeep(depthMax: depthMax, offset: offset) }
        let perEntry: UInt64 = head.type == .map ? 2 : 1
        if head.isIndefinite {
            while try !takeBreak() {
                for _ in 0..<perEntry { try read(&self) }
            }
        } else {
            // Each item takes at least a byte.
            guard head.argument <= UInt64(bytes.endIndex - position) / perEntry else { throw .unexpectedEnd(offset: bytes.count) }
            for _ in 0..<head.argument * perEntry { try read(&self) }
        }
    }

    /// Reads over an item.
    ///
    /// - Parameter depth: that of the item within the outermost one, which is at 1.
    mutating func skipItem(depth: Int) throws(CBORError) {
        let start = position
        let head = try readHead()
        switch head.type {
        case .unsigned, .negative: break
        case .bytes, .text: _ = try readString(head)
        case .array, .map: try readItems(head, depth: depth) { scanner throws(CBORError) in try scanner.skipItem(depth: depth + 1) }
        case .tag:
            guard depth <= depthMax else { throw .tooDeep(depthMax: depthMax, offset: offset) }
            try skipItem(depth: depth + 1)
        case .simple:
            if head.isIndefinite { throw .unexpectedByte(Self.breakByte, offset: start - bytes.startIndex) }
        }
    }

    private mutating func takeBreak() throws(CBORError) -> Bool {
        guard !isAtEnd else { throw .unexpectedEnd(offset: offset) }
        guard bytes[position] == Self.breakByte else { return false }
        position += 1
        return true
    }

    private mutating func readByte() throws(CBORError) -> UInt8 {
        guard !isAtEnd else { throw .unexpectedEnd(offset: offset) }
        defer { position += 1 }
        return bytes[position]
    }
}
