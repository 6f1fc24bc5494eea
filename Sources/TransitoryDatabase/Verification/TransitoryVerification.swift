import RocksDB
import Store

/// What the maps of the transitory database say of each other: of their positions only, so far.
package enum TransitoryVerification {
    /// Verifies the database in `directory`, which nobody has open.
    ///
    /// - Parameter serverName: whose data it has to be; nil takes anybody's.
    package static func run(at directory: String, serverName: String?, blockCache: BlockCache) -> VerificationResult {
        Verification.run(TransitoryMaps.schema, at: directory, serverName: serverName, blockCache: blockCache) { _ in }
    }
}
