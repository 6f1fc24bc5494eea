import CBOR
import CanonicalJSON
import MatrixProtocol
import Store

/// In which form a program reads and writes messages.
package enum StreamFormat: UInt8, Sendable {
    case json = 0
    case cbor = 1
}

/// The value of a message, in the bytes in which a program has sent it, and who that was.
///
/// The other programs get the same bytes where they read the same format.
struct StreamValue: Sendable, Equatable {
    let format: StreamFormat
    let bytes: ArraySlice<UInt8>
    /// Who has sent it, in a stream of a Matrix room.
    let sender: UserID?

    /// The highest bit of the first byte tells of a sender.
    private static let senderFlag: UInt8 = 0x80

    /// As streams keep it: the format (1 byte), and its highest bit if there is a sender; the length of the sender's ID (2 bytes) and the ID; the
    /// bytes.
    var stored: [UInt8] {
        var stored: [UInt8] = [format.rawValue | (sender == nil ? 0 : Self.senderFlag)]
        if let sender {
            let id = Array(sender.string.utf8)
            stored += [UInt8(truncatingIfNeeded: id.count >> 8), UInt8(truncatingIfNeeded: id.count)] + id
        }
        return stored + bytes
    }

    init(_ format: StreamFormat, _ bytes: ArraySlice<UInt8>, sender: UserID? = nil) {
        self.format = format
        self.bytes = bytes
        self.sender = sender
    }

    init(stored: [UInt8]) throws {
        let undecodable = StoreError.undecodable(stored, as: "a stream's value")
        guard let first = stored.first, let format = StreamFormat(rawValue: first & ~Self.senderFlag) else { throw undecodable }
        self.format = format
        guard first & Self.senderFlag != 0 else {
            sender = nil
            bytes = stored.dropFirst()
            return
        }
        guard stored.count >= 3 else { throw undecodable }
        let end = 3 + Int(stored[1]) << 8 + Int(stored[2])
        guard stored.count >= end else { throw undecodable }
        sender = UserID(trusted: String(decoding: stored[3..<end], as: UTF8.self))
        bytes = stored[end...]
    }

    /// The value's bytes in a format.
    func bytes(in wanted: StreamFormat) -> ArraySlice<UInt8> {
        switch (format, wanted) {
        case (.json, .json), (.cbor, .cbor): bytes
        // What was kept was read before it was; a value that can't be read all the same is shown as none.
        case (.json, .cbor): (try? JSONValue(parsing: Array(bytes)))?.inCBOR[...] ?? [0xf6]
        case (.cbor, .json): (try? CBORValue(parsing: bytes))?.inJSON[...] ?? Array("null".utf8)[...]
        }
    }
}

// MARK: - From one format to the other

extension JSONValue {
    /// The value in CBOR (RFC 8949, section 6.2).
    fileprivate var inCBOR: [UInt8] {
        var writer = CBORWriter()
        writer.value(cbor)
        return writer.bytes
    }

    private var cbor: CBORValue {
        switch self {
        case .null: .null
        case .bool(let value): value ? .true : .false
        case .integer(let value): value >= 0 ? .unsigned(UInt64(value)) : .negative(UInt64(bitPattern: ~value))
        case .bigInteger(let digits): UInt64(digits).map { .unsigned($0) } ?? .float(Double(digits) ?? .nan)
        case .double(let value): .float(value)
        case .string(let text): .text(text)
        case .array(let elements): .array(elements.map(\.cbor))
        case .object(let object): .map(object.map { CBORValue.Entry(.text($0.key), $0.value.cbor) })
        }
    }
}

extension CBORValue {
    /// The value in JSON (RFC 8949, section 6.1): byte strings and large integers as base64url, other keys than texts as the text of their JSON,
    /// what JSON doesn't have as null.
    fileprivate var inJSON: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .unsigned(let value): writer.value(Int64(exactly: value).map { .integer($0) } ?? .bigInteger("\(value)"))
        case .negative(let value): writer.value(Int64(exactly: value).map { .integer(~$0) } ?? .bigInteger("-\(Self.successor(of: value))"))
        case .bytes(let bytes): writer.string(Base64URL.encode(bytes))
        case .text(let text): writer.string(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .map(let entries):
            writer.beginObject()
            for entry in entries {
                writer.key(entry.key.jsonKey)
                entry.value.write(to: &writer)
            }
            writer.endObject()
        case .tagged(3, .bytes(let bytes)): writer.string("~" + Base64URL.encode(bytes))
        case .tagged(_, let content): content.write(to: &writer)
        case .simple(20): writer.bool(false)
        case .simple(21): writer.bool(true)
        case .simple: writer.null()
        case .float(let value): writer.value(value.isFinite ? .double(value) : .null)
        }
    }

    private var jsonKey: String {
        if case .text(let text) = self { text } else { String(decoding: inJSON, as: UTF8.self) }
    }

    /// The decimal digits of a number and one.
    private static func successor(of number: UInt64) -> String {
        number == .max ? "18446744073709551616" : "\(number + 1)"
    }
}
