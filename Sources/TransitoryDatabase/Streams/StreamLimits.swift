/// How much a scope may hold.
package struct StreamLimits: Sendable {
    /// The largest value, in bytes.
    package var valueMaxBytes = 256 << 10
    /// The longest key, in bytes.
    package var keyMaxBytes = 512
    package var keysMax: UInt64 = 10_000
    /// The most messages of a key.
    package var streamLengthMax: UInt64 = 10_000
    /// The values of one key together, in bytes.
    package var streamMaxBytes: UInt64 = 4 << 20
    /// All keys and values together, in bytes.
    package var scopeMaxBytes: UInt64 = 16 << 20

    package init() {}
}
