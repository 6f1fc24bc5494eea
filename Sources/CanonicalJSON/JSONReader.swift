/// Reads single values from their bytes, for instance from a range that `JSONFields` has found, without a `JSONValue` in between.
public enum JSONReader {
    /// The string that the bytes are, quotes included; nil if they are something else.
    public static func string(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.first == Byte.quote else { return nil }
        return read(bytes) { scanner throws(JSONError) in
            scanner.advance(by: 1)
            return scanner.string(try scanner.scanString())
        }
    }

    /// The integer within Int64 that the bytes are; nil if they are something else.
    public static func integer(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard let first = bytes.first, first == Byte.minus || first &- Byte.zero < 10 else { return nil }
        return read(bytes) { scanner throws(JSONError) in scanner.integer(try scanner.scanNumber()) }
    }

    /// The truth value that the bytes are; nil if they are something else.
    public static func bool(_ bytes: ArraySlice<UInt8>) -> Bool? {
        if bytes.elementsEqual("true".utf8) { return true }
        if bytes.elementsEqual("false".utf8) { return false }
        return nil
    }

    @inline(__always)
    private static func read<Value>(_ bytes: ArraySlice<UInt8>, _ body: (inout JSONScanner) throws(JSONError) -> Value?) -> Value? {
        do throws(JSONError) {
            return try JSONScanner.withScanner(of: bytes, .lenient, JSONLimits(sizeMaxBytes: .max), body)
        } catch {
            return nil
        }
    }
}
