import RocksDB
import Store

/// What the maps of the rooms database say of each other.
package enum RoomsVerification {
    /// Verifies the database in `directory`, which nobody has open.
    ///
    /// - Parameter serverName: whose data it has to be; nil takes anybody's.
    package static func run(at directory: String, serverName: String?, blockCache: BlockCache) -> VerificationResult {
        Verification.run(RoomsMaps.schema, at: directory, serverName: serverName, blockCache: blockCache) { check in
            check.run { try events(&$0) }
            check.run { try relations(&$0) }
            check.run { try threadSubscriptions(&$0) }
            check.run { try receipts(&$0) }
            check.run { try delayedEvents(&$0) }
            check.run { try stickyEvents(&$0) }
            check.run { try states(&$0) }
            check.run { try currentStates(&$0) }
            check.run { try rooms(&$0) }
            check.run { try counts(&$0) }
            check.run { try memberships(&$0) }
        }
    }
}
