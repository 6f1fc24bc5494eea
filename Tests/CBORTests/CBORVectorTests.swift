import CBOR
import Testing

/// The examples of RFC 8949, appendix A.
@Suite struct CBORVectorTests {
    struct Vector: Sendable {
        let hex: String
        let value: CBORValue

        init(_ hex: String, _ value: CBORValue) {
            self.hex = hex
            self.value = value
        }
    }

    /// Those that are in the preferred form, so that they are written as they are read.
    static let preferred: [Vector] = [
        Vector("00", .unsigned(0)), Vector("01", .unsigned(1)), Vector("0a", .unsigned(10)), Vector("17", .unsigned(23)),
        Vector("1818", .unsigned(24)), Vector("1819", .unsigned(25)), Vector("1864", .unsigned(100)), Vector("1903e8", .unsigned(1000)),
        Vector("1a000f4240", .unsigned(1_000_000)), Vector("1b000000e8d4a51000", .unsigned(1_000_000_000_000)),
        Vector("1bffffffffffffffff", .unsigned(.max)), Vector("c249010000000000000000", .tagged(2, .bytes([1, 0, 0, 0, 0, 0, 0, 0, 0]))),
        Vector("3bffffffffffffffff", .negative(.max)), Vector("c349010000000000000000", .tagged(3, .bytes([1, 0, 0, 0, 0, 0, 0, 0, 0]))),
        Vector("20", .negative(0)), Vector("29", .negative(9)), Vector("3863", .negative(99)), Vector("3903e7", .negative(999)),
        Vector("f90000", .float(0)), Vector("f98000", .float(-0.0)), Vector("f93c00", .float(1)), Vector("fb3ff199999999999a", .float(1.1)),
        Vector("f93e00", .float(1.5)), Vector("f97bff", .float(65504)), Vector("fa47c35000", .float(100_000)),
        Vector("fa7f7fffff", .float(3.4028234663852886e+38)), Vector("fb7e37e43c8800759c", .float(1.0e+300)),
        Vector("f90001", .float(5.960464477539063e-8)), Vector("f90400", .float(0.00006103515625)), Vector("f9c400", .float(-4)),
        Vector("fbc010666666666666", .float(-4.1)), Vector("f97c00", .float(.infinity)), Vector("f9fc00", .float(-.infinity)),
        Vector("f4", .false), Vector("f5", .true), Vector("f6", .null), Vector("f7", .undefined), Vector("f0", .simple(16)),
        Vector("f8ff", .simple(255)), Vector("c074323031332d30332d32315432303a30343a30305a", .tagged(0, .text("2013-03-21T20:04:00Z"))),
        Vector("c11a514b67b0", .tagged(1, .unsigned(1_363_896_240))), Vector("c1fb41d452d9ec200000", .tagged(1, .float(1_363_896_240.5))),
        Vector("d74401020304", .tagged(23, .bytes([1, 2, 3, 4]))), Vector("d818456449455446", .tagged(24, .bytes(Array("dIETF".utf8)))),
        Vector("d82076687474703a2f2f7777772e6578616d706c652e636f6d", .tagged(32, .text("http://www.example.com"))),
        Vector("40", .bytes([])), Vector("4401020304", .bytes([1, 2, 3, 4])), Vector("60", .text("")), Vector("6161", .text("a")),
        Vector("6449455446", .text("IETF")), Vector("62225c", .text("\"\\")), Vector("62c3bc", .text("\u{fc}")),
        Vector("63e6b0b4", .text("\u{6c34}")), Vector("64f0908591", .text("\u{10151}")), Vector("80", .array([])),
        Vector("83010203", .array([.unsigned(1), .unsigned(2), .unsigned(3)])),
        Vector(
            "8301820203820405",
            .array([.unsigned(1), .array([.unsigned(2), .unsigned(3)]), .array([.unsigned(4), .unsigned(5)])])),
        Vector("98190102030405060708090a0b0c0d0e0f101112131415161718181819", .array((1...25).map { .unsigned($0) })),
        Vector("a0", .map([])),
        Vector("a201020304", .map([.init(.unsigned(1), .unsigned(2)), .init(.unsigned(3), .unsigned(4))])),
        Vector(
            "a26161016162820203",
            .map([.init(.text("a"), .unsigned(1)), .init(.text("b"), .array([.unsigned(2), .unsigned(3)]))])),
        Vector("826161a161626163", .array([.text("a"), .map([.init(.text("b"), .text("c"))])])),
        Vector(
            "a56161614161626142616361436164614461656145",
            .map(["a", "b", "c", "d", "e"].map { .init(.text($0), .text($0.uppercased())) })),
    ]

    /// Items of indefinite length, and floats that have a shorter form.
    static let others: [Vector] = [
        Vector("fa7f800000", .float(.infinity)), Vector("faff800000", .float(-.infinity)), Vector("fb7ff0000000000000", .float(.infinity)),
        Vector("fbfff0000000000000", .float(-.infinity)), Vector("5f42010243030405ff", .bytes([1, 2, 3, 4, 5])),
        Vector("7f657374726561646d696e67ff", .text("streaming")), Vector("9fff", .array([])),
        Vector(
            "9f018202039f0405ffff", .array([.unsigned(1), .array([.unsigned(2), .unsigned(3)]), .array([.unsigned(4), .unsigned(5)])])),
        Vector("9f01820203820405ff", .array([.unsigned(1), .array([.unsigned(2), .unsigned(3)]), .array([.unsigned(4), .unsigned(5)])])),
        Vector("83018202039f0405ff", .array([.unsigned(1), .array([.unsigned(2), .unsigned(3)]), .array([.unsigned(4), .unsigned(5)])])),
        Vector("83019f0203ff820405", .array([.unsigned(1), .array([.unsigned(2), .unsigned(3)]), .array([.unsigned(4), .unsigned(5)])])),
        Vector("9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", .array((1...25).map { .unsigned($0) })),
        Vector(
            "bf61610161629f0203ffff",
            .map([.init(.text("a"), .unsigned(1)), .init(.text("b"), .array([.unsigned(2), .unsigned(3)]))])),
        Vector("826161bf61626163ff", .array([.text("a"), .map([.init(.text("b"), .text("c"))])])),
        Vector("bf6346756ef563416d7421ff", .map([.init(.text("Fun"), .true), .init(.text("Amt"), .negative(1))])),
    ]

    @Test(arguments: preferred) func isReadAndWritten(_ vector: Vector) throws {
        let bytes = Self.bytes(vector.hex)
        let value = try CBORValue(parsing: bytes[...])
        #expect(value == vector.value)
        var writer = CBORWriter()
        writer.value(value)
        #expect(writer.bytes == bytes)
    }

    @Test(arguments: others) func isRead(_ vector: Vector) throws {
        #expect(try CBORValue(parsing: Self.bytes(vector.hex)[...]) == vector.value)
    }

    @Test(arguments: ["f97e00", "fa7fc00000", "fb7ff8000000000000"]) func notANumberIsReadAndWrittenShort(_ hex: String) throws {
        let value = try CBORValue(parsing: Self.bytes(hex)[...])
        guard case .float(let number) = value else { throw Unexpected() }
        #expect(number.isNaN)
        var writer = CBORWriter()
        writer.value(value)
        #expect(writer.bytes == [0xf9, 0x7e, 0x00])
    }

    private struct Unexpected: Error {}

    static func bytes(_ hex: String) -> [UInt8] {
        var digits = hex[...]
        var bytes: [UInt8] = []
        while let byte = UInt8(digits.prefix(2), radix: 16) {
            bytes.append(byte)
            digits = digits.dropFirst(2)
        }
        return bytes
    }
}
