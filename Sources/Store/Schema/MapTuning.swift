/// What a map's tuning has beyond its access pattern.
package struct MapTuning: Sendable {
    /// Filters keep lookups of single keys away from files that don't hold them.
    package var hasFilter = false
    /// The size of a data block where it isn't the pattern's.
    package var blockSizeBytes: Int?
    /// The zstd level of the bottommost files where it isn't the pattern's.
    package var bottommostLevel: Int?

    /// Nothing special: a map that is walked, or small.
    package static let none = MapTuning()
    /// Keys are looked up one by one.
    package static let pointLookups = MapTuning(hasFilter: true)
    /// Whole events, looked up one by one or walked in short runs.
    package static let events = MapTuning(hasFilter: true, blockSizeBytes: 2 << 10)
    /// Many entries that differ little, hardly ever read once they are old.
    package static let archive = MapTuning(bottommostLevel: 9)
}
