/// A CBOR item (RFC 8949).
package indirect enum CBORValue: Sendable, Equatable {
    case unsigned(UInt64)
    /// -1 minus the number.
    case negative(UInt64)
    case bytes([UInt8])
    case text(String)
    case array([CBORValue])
    /// In the order of the bytes, duplicates among them.
    case map([Entry])
    case tagged(UInt64, CBORValue)
    /// `false` is 20, `true` 21, `null` 22, `undefined` 23.
    case simple(UInt8)
    case float(Double)

    package struct Entry: Sendable, Equatable {
        package let key: CBORValue
        package let value: CBORValue

        package init(_ key: CBORValue, _ value: CBORValue) {
            self.key = key
            self.value = value
        }
    }

    package static let `false` = CBORValue.simple(20)
    package static let `true` = CBORValue.simple(21)
    package static let null = CBORValue.simple(22)
    package static let undefined = CBORValue.simple(23)

    /// How deep items may be nested when nothing else is said.
    package static let depthMaxDefault = 128

    /// Reads one item, and nothing after it.
    package init(parsing bytes: ArraySlice<UInt8>, depthMax: Int = depthMaxDefault) throws(CBORError) {
        var scanner = CBORScanner(bytes, depthMax: depthMax)
        self = try Self.read(&scanner, depth: 1)
        try scanner.finish()
    }

    private static func read(_ scanner: inout CBORScanner, depth: Int) throws(CBORError) -> CBORValue {
        let offset = scanner.offset
        let head = try scanner.readHead()
        switch head.type {
        case .unsigned: return .unsigned(head.argument)
        case .negative: return .negative(head.argument)
        case .bytes: return .bytes(Array(try scanner.readString(head)))
        case .text: return .text(String(decoding: try scanner.readString(head), as: UTF8.self))
        case .array:
            var elements: [CBORValue] = []
            try scanner.readItems(head, depth: depth) { scanner throws(CBORError) in
                elements.append(try read(&scanner, depth: depth + 1))
            }
            return .array(elements)
        case .map:
            var items: [CBORValue] = []
            try scanner.readItems(head, depth: depth) { scanner throws(CBORError) in items.append(try read(&scanner, depth: depth + 1)) }
            return .map(stride(from: 0, to: items.count, by: 2).map { Entry(items[$0], items[$0 + 1]) })
        case .tag:
            // An item within another, as an array's only element is.
            let one = CBORScanner.Head(type: .array, information: 1, argument: 1)
            var content = CBORValue.null
            try scanner.readItems(one, depth: depth) { scanner throws(CBORError) in content = try read(&scanner, depth: depth + 1) }
            return .tagged(head.argument, content)
        case .simple:
            switch head.information {
            case 25: return .float(Double(Float16(bitPattern: UInt16(truncatingIfNeeded: head.argument))))
            case 26: return .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: head.argument))))
            case 27: return .float(Double(bitPattern: head.argument))
            case 31: throw .unexpectedByte(0xff, offset: offset)
            default: return .simple(UInt8(truncatingIfNeeded: head.argument))
            }
        }
    }
}
