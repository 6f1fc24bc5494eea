/// How far a migration that is under way has come. It stands in `global` from before the first change that the migration makes until the
/// write that sets the new version, and moves on in the same write as the entries that it speaks of.
struct MigrationMarker: StoreCodable, Equatable {
    /// The version that the migration leads to.
    let version: UInt64
    var stage: Stage

    /// What is being done. The maps that are there follow from it.
    enum Stage: Equatable {
        /// New maps are added.
        case adding
        /// Entries are migrated: those of the step's map with keys from `from` on are left, and the later steps.
        case walking(step: Int, from: [UInt8])
        /// Old maps are removed.
        case removing
    }

    init(version: UInt64, stage: Stage) {
        self.version = version
        self.stage = stage
    }

    /// Version (8 bytes), stage (1), and for a walk the step (8) and the key.
    var encoded: [UInt8] {
        switch stage {
        case .adding: version.encoded + [1]
        case .walking(let step, let from): version.encoded + [2] + UInt64(step).encoded + from
        case .removing: version.encoded + [3]
        }
    }

    init(encoded bytes: [UInt8]) throws {
        guard bytes.count >= 9 else { throw StoreError.undecodable(bytes, as: "a migration's marker") }
        version = UInt64(fixedWidth: bytes[..<8])
        switch (bytes[8], bytes.count) {
        case (1, 9): stage = .adding
        case (2, 17...):
            guard let step = Int(exactly: UInt64(fixedWidth: bytes[9..<17])) else {
                throw StoreError.undecodable(bytes, as: "a migration's marker")
            }
            stage = .walking(step: step, from: Array(bytes[17...]))
        case (3, 9): stage = .removing
        default: throw StoreError.undecodable(bytes, as: "a migration's marker")
        }
    }
}
