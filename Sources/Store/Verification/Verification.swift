import RocksDB

/// Reads all of a database that nobody has open, and tells what is wrong in it.
///
/// It goes from the bytes to their meaning: how far the logs go against what had been answered for, every block of every table against its checksum, every key and value against the map's types,
/// then what entries say of each other. What an earlier step has found can show again in a later one.
package struct Verification {
    private let database: ReadOnlyDatabase
    private(set) var result: VerificationResult

    /// What a database's own module knows of the references between its maps.
    package typealias References = (inout ReferenceCheck) throws -> Void

    /// Verifies the database in `directory`.
    ///
    /// - Parameter serverName: whose data it has to be; nil takes anybody's.
    /// - Returns: what was found. A database that can't be opened at all is a finding too.
    package static func run(
        _ schema: DatabaseSchema, at directory: String, serverName: String? = nil, blockCache: BlockCache, references: References
    ) -> VerificationResult {
        do {
            let database = try ReadOnlyDatabase(schema, at: directory, serverName: serverName, blockCache: blockCache)
            var verification = Verification(database: database, result: VerificationResult(database: schema.name))
            verification.checkRecovery()
            verification.checkTables()
            for map in schema.maps { verification.checkEntries(of: map) }
            var check = ReferenceCheck(of: database, result: verification.result)
            check.positions()
            check.run(references)
            return check.result
        } catch {
            var result = VerificationResult(database: schema.name)
            result.add(Finding(database: schema.name, map: nil, problem: "can't be opened: \(error)"))
            return result
        }
    }

    private mutating func checkRecovery() {
        do {
            try database.checkRecovery()
        } catch {
            result.add(Finding(database: database.schema.name, map: nil, problem: "\(error)"))
        }
    }

    private mutating func checkTables() {
        for table in database.tableFiles {
            result.tables += 1
            let path = database.directory + table.name
            do {
                try TableFile.check(at: path)
            } catch {
                result.add(
                    Finding(
                        database: database.schema.name, map: table.columnFamily,
                        problem: "the table file \(path) is damaged or missing: \(error)"))
            }
        }
    }

    private mutating func checkEntries(of map: MapDescriptor) {
        var last: [UInt8]?
        do {
            let cursor = try database.cursor(through: .all, of: map, .forward)
            while let (key, value) = try cursor.next() {
                result.entries += 1
                last = key
                check(key, value, in: map)
            }
        } catch {
            let place = last.flatMap { try? map.entries.readableKey($0) }
            result.add(
                Finding(
                    database: database.schema.name, map: map.name, key: place,
                    problem: place == nil ? "can't be read: \(error)" : "can't be read from there on: \(error)"))
        }
    }

    private mutating func check(_ key: [UInt8], _ value: [UInt8], in map: MapDescriptor) {
        let readable: ReadableValue
        do {
            readable = try map.entries.readableKey(key)
        } catch {
            return result.add(
                Finding(
                    database: database.schema.name, map: map.name, key: .bytes(key), problem: "the key is not one of the map's: \(error)"))
        }
        do {
            _ = try map.entries.readableValue(value, at: key)
        } catch {
            result.add(
                Finding(
                    database: database.schema.name, map: map.name, key: readable,
                    problem: "the value is not one of the map's: \(error)"))
        }
    }
}
