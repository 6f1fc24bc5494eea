import CBOR
import TestSupport
import Testing

/// What is refused, and that nothing else happens to the reader.
@Suite struct CBORErrorTests {
    /// RFC 8949, appendix F, "Examples of CBOR Data Items That Are Not Well-Formed".
    static let notWellFormed = [
        // End of input in a head.
        "18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "38", "58", "78", "98", "9a01ff00", "b8", "d8", "f8", "f900",
        "fa0000", "fb000000",
        // Strings that end too early.
        "41", "61", "5affffffff00", "5bffffffffffffffff010203", "7affffffff00", "7b7fffffffffffffff010203",
        // Arrays and maps that end too early.
        "81", "818181818181818181", "8200", "a1", "a20102", "a100", "a2000000",
        // A tag without its content.
        "c0",
        // Items of indefinite length without their break.
        "5f4100", "7f6100", "9f", "9f0102", "bf", "bf01020102", "819f", "9f8000", "9f9f9f9f9fffffffff", "9f819f819f9fffffff",
        // Reserved heads.
        "1c", "1d", "1e", "3c", "3d", "3e", "5c", "5d", "5e", "7c", "7d", "7e", "9c", "9d", "9e", "bc", "bd", "be", "dc", "dd", "de",
        "fc", "fd", "fe",
        // Simple values in two bytes that have one.
        "f800", "f801", "f818", "f81f",
        // Chunks of other types.
        "5f00ff", "5f21ff", "5f6100ff", "5f80ff", "5fa0ff", "5fc000ff", "5fe0ff", "7f4100ff", "5f5f4100ffff", "7f7f6100ffff",
        // Breaks on their own.
        "ff", "81ff", "8200ff", "a1ff", "a1ff00", "a100ff", "a20000ff", "9f81ff", "9f829f819f9fffffffff", "bf00ff", "bf000000ff",
        // Lengths that can't be indefinite.
        "1f", "3f", "df",
    ]

    @Test(arguments: notWellFormed) func isRefused(_ hex: String) {
        let bytes = CBORVectorTests.bytes(hex)
        #expect(throws: CBORError.self) { try CBORValue(parsing: bytes[...]) }
        #expect(throws: CBORError.self) { try CBORFields(scanning: bytes[...]) }
    }

    @Test func whatFollowsIsRefused() {
        #expect(throws: CBORError.trailingBytes(offset: 1)) { try CBORValue(parsing: [0x00, 0x00]) }
        #expect(throws: CBORError.trailingBytes(offset: 1)) { try CBORFields(scanning: [0xa0, 0x00]) }
        #expect(throws: CBORError.unexpectedEnd(offset: 0)) { try CBORValue(parsing: []) }
    }

    @Test func textsAreUTF8() {
        #expect(throws: CBORError.invalidUTF8(offset: 1)) { try CBORValue(parsing: [0x61, 0xff]) }
        #expect(throws: CBORError.invalidUTF8(offset: 2)) { try CBORFields(scanning: [0xa1, 0x61, 0xff, 0x00]) }
    }

    @Test(arguments: [[0x81], [0xc1], [0x9f], [0xa1, 0x00]] as [[UInt8]]) func nestingIsLimited(_ opening: [UInt8]) {
        let deep = Array(repeating: opening, count: 100_000).flatMap { $0 }
        #expect(throws: CBORError.self) { try CBORValue(parsing: deep[...]) }
        #expect(throws: CBORError.self) { try CBORFields(scanning: ([0xa1, 0x60] + deep)[...]) }
    }

    @Test func fieldsAreThoseWithATextAsTheirKey() throws {
        // {"a": [1], 2: 3, "b": h'ff', "a": 4}
        let fields = try CBORFields(scanning: CBORVectorTests.bytes("a4616181010203616241ff616104")[...])
        #expect(fields["a"].map(Array.init) == [0x04])
        #expect(fields["b"].map(Array.init) == [0x41, 0xff])
        #expect(fields["c"] == nil)
        #expect(throws: CBORError.notAMap) { try CBORFields(scanning: [0x80]) }
    }

    @Test(arguments: 1...20) func randomBytesAreReadOrRefused(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 1...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            guard let value = try? CBORValue(parsing: bytes[...]) else { continue }
            var writer = CBORWriter()
            writer.value(value)
            let again = try CBORValue(parsing: writer.bytes[...])
            var second = CBORWriter()
            second.value(again)
            #expect(second.bytes == writer.bytes)
        }
    }
}
