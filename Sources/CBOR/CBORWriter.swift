/// Writes CBOR in its preferred form (RFC 8949, section 4.1): lengths known, every number in its shortest form.
package struct CBORWriter: Sendable {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// Begins a map of so many keys and values, which follow.
    package mutating func beginMap(_ count: Int) {
        head(.map, UInt64(count))
    }

    /// Begins an array of so many elements, which follow.
    package mutating func beginArray(_ count: Int) {
        head(.array, UInt64(count))
    }

    package mutating func text(_ text: String) {
        head(.text, UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func unsigned(_ number: UInt64) {
        head(.unsigned, number)
    }

    package mutating func null() {
        value(.null)
    }

    /// An item that is CBOR already.
    package mutating func raw(_ item: ArraySlice<UInt8>) {
        bytes.append(contentsOf: item)
    }

    package mutating func value(_ value: CBORValue) {
        switch value {
        case .unsigned(let number): head(.unsigned, number)
        case .negative(let number): head(.negative, number)
        case .bytes(let string):
            head(.bytes, UInt64(string.count))
            bytes.append(contentsOf: string)
        case .text(let string): text(string)
        case .array(let elements):
            beginArray(elements.count)
            for element in elements { self.value(element) }
        case .map(let entries):
            beginMap(entries.count)
            for entry in entries {
                self.value(entry.key)
                self.value(entry.value)
            }
        case .tagged(let tag, let content):
            head(.tag, tag)
            self.value(content)
        case .simple(let number): head(.simple, UInt64(number))
        case .float(let number): float(number)
        }
    }

    private mutating func float(_ number: Double) {
        let single = Float(number)
        let half = Float16(single)
        if number.isNaN {
            append(0xf9, 0x7e00, width: 2)
        } else if Double(half) == number {
            append(0xf9, UInt64(half.bitPattern), width: 2)
        } else if Double(single) == number {
            append(0xfa, UInt64(single.bitPattern), width: 4)
        } else {
            append(0xfb, number.bitPattern, width: 8)
        }
    }

    private mutating func head(_ type: CBORScanner.MajorType, _ argument: UInt64) {
        let first = type.rawValue << 5
        switch argument {
        case 0..<24: bytes.append(first | UInt8(argument))
        case 24...0xff: append(first | 24, argument, width: 1)
        case 0x100...0xffff: append(first | 25, argument, width: 2)
        case 0x1_0000...0xffff_ffff: append(first | 26, argument, width: 4)
        default: append(first | 27, argument, width: 8)
        }
    }

    private mutating func append(_ first: UInt8, _ argument: UInt64, width: Int) {
        bytes.append(first)
        for place in (0..<width).reversed() { bytes.append(UInt8(truncatingIfNeeded: argument >> (8 * UInt64(place)))) }
    }
}
