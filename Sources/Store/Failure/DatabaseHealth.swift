/// Whether a database can write.
package enum DatabaseHealth: Sendable, Equatable {
    /// It can.
    case well
    /// It can't since a moment (milliseconds since 1970); reads go on from what was published before, and writes resume by themselves when
    /// the reason is gone.
    case failing(since: Int64, reason: String)
}
