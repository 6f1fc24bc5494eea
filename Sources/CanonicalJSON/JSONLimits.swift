/// What a JSON text may need of us at most. Both limits hold before memory is spent: the size is checked first, the depth at each opening bracket.
public struct JSONLimits: Sendable, Hashable {
    /// The deepest nesting of arrays and objects that is read; the outermost one is at depth 1. Reading, comparing and releasing a value
    /// recurse once for each level, so this bounds the stack.
    public let depthMax: Int

    /// The longest text that is read, in bytes. Never above 4 GiB - 1, whatever is asked for.
    public let sizeMaxBytes: Int

    /// 512 levels: far beyond any event in use, and half of where Python's json, and with it Synapse, gives up.
    public static let depthMaxDefault = 512

    /// 64 MiB. Endpoints with a smaller limit of their own, and the answers of other servers that may be larger, pass theirs.
    public static let sizeMaxBytesDefault = 64 << 20

    /// 512 levels and 64 MiB.
    public static let `default` = JSONLimits()

    /// - Parameters:
    ///   - depthMax: how many arrays and objects may be in each other.
    ///   - sizeMaxBytes: how long the text may be; more than 4 GiB - 1 counts as that.
    public init(depthMax: Int = depthMaxDefault, sizeMaxBytes: Int = sizeMaxBytesDefault) {
        self.depthMax = depthMax
        self.sizeMaxBytes = Swift.min(sizeMaxBytes, Int(UInt32.max))
    }
}
