/// A number of bytes, written plain or with a binary unit: `67108864`, `64MiB`, `1 GiB`.
package struct ByteSize: Hashable, Sendable {
    package var bytes: Int

    package init(_ bytes: some BinaryInteger) {
        self.bytes = Int(clamping: bytes)
    }

    package init(mebibytes: Int) {
        bytes = mebibytes << 20
    }

    /// Nil if `text` is not a size, or one that does not fit an `Int`.
    package init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int(digits), let factor = Self.units[String(unit)] else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    private static let units = ["": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
}

extension ByteSize: CustomStringConvertible {
    /// The number as people read it: `812 B`, `1.5 MiB`.
    package var description: String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (unit, size, tenths) = (0, bytes, 0)
        while size >= 1024, unit < units.count - 1 {
            (size, tenths) = (size / 1024, size % 1024 * 10 / 1024)
            unit += 1
        }
        return unit == 0 ? "\(size) B" : "\(size).\(tenths) \(units[unit])"
    }
}

extension ByteSize: DescribedValue {
    package static let expectation = "a size such as 64MiB"

    package init(from decoder: any Decoder) throws {
        self = try decoder.value(ByteSize.init(_:))
    }
}

extension Decoder {
    /// The value that `parse` makes of the text of a single value here.
    func value<Value>(_ parse: (String) -> Value?) throws -> Value {
        let container = try singleValueContainer()
        guard let value = parse(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not the text of a \(Value.self)")
        }
        return value
    }
}
