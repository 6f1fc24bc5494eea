/// The byte that each encoded element begins with. The codes are FoundationDB's, and their order is the order of unlike elements.
enum TupleTypeCode {
    static let null: UInt8 = 0x00
    static let bytes: UInt8 = 0x01
    static let string: UInt8 = 0x02
    static let tuple: UInt8 = 0x05
    /// A negative integer whose magnitude is given with its length.
    static let longNegative: UInt8 = 0x0B
    /// Zero; an integer with a magnitude of n bytes (1 to 8) has the code n above, or below if it is negative.
    static let zero: UInt8 = 0x14
    /// A positive integer whose magnitude is given with its length.
    static let longPositive: UInt8 = 0x1D
    static let float: UInt8 = 0x20
    static let double: UInt8 = 0x21
    static let `false`: UInt8 = 0x26
    static let `true`: UInt8 = 0x27
    static let uuid: UInt8 = 0x30
    static let versionstamp: UInt8 = 0x33

    /// Ends bytes, strings and nested tuples.
    static let terminator: UInt8 = 0x00
    /// Follows a zero byte that does not end what it stands in.
    static let escape: UInt8 = 0xFF
}
