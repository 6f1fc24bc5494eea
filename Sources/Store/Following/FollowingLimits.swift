/// How much of a log is read, remembered and kept.
package struct FollowingLimits: Sendable {
    /// So many entries are read at a time.
    package var readMaxEntries = 256
    /// So many of the newest entries are in memory, for all followers together; who is further behind reads the log itself.
    package var rememberedMaxEntries = 4096
    /// For how long a cursor may stay unsaved, in milliseconds.
    package var saveDelayMilliseconds: Int64 = 1000
    /// So many of the newest entries stay in the log, whoever has seen them. It is trimmed each time that as many have come, so it has up to
    /// twice as many.
    package var retainedEntries = 10_000
    /// A follower that is further behind doesn't keep the log from being trimmed.
    package var lagMaxEntries = 100_000
    /// When what has failed is tried again.
    package var backoff = Backoff()

    package init() {}
}
