/// Why bytes are not the CBOR that was asked for. Offsets are in bytes from the first byte.
package enum CBORError: Error, Equatable, CustomStringConvertible {
    /// The bytes end within an item, or hold none.
    case unexpectedEnd(offset: Int)
    /// A byte that cannot begin an item here.
    case unexpectedByte(UInt8, offset: Int)
    /// Something follows the item.
    case trailingBytes(offset: Int)
    /// Items are nested more deeply than the limit.
    case tooDeep(depthMax: Int, offset: Int)
    /// A text that is no UTF-8.
    case invalidUTF8(offset: Int)
    /// The bytes are well-formed, but not a map.
    case notAMap

    package var description: String {
        switch self {
        case .unexpectedEnd(let offset): "CBOR ends too early at byte \(offset)"
        case .unexpectedByte(let byte, let offset): "CBOR has an unexpected byte 0x\(String(byte, radix: 16)) at byte \(offset)"
        case .trailingBytes(let offset): "CBOR is followed by something else at byte \(offset)"
        case .tooDeep(let depthMax, let offset): "CBOR is nested more than \(depthMax) levels deep at byte \(offset)"
        case .invalidUTF8(let offset): "CBOR has a text that is not UTF-8 at byte \(offset)"
        case .notAMap: "CBOR is not a map"
        }
    }
}
