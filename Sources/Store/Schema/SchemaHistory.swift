extension DatabaseSchema {
    /// The oldest version that the migrations lead on from.
    var oldestVersion: UInt64 { version - UInt64(migrations.count) }

    /// The migration that leads to a version.
    func migration(to version: UInt64) -> Migration? {
        migrations.first { $0.version == version }
    }

    /// The maps of a version, from the oldest one on: today's, without what the migrations since have added and with what they have removed.
    func maps(at version: UInt64) -> [MapDescriptor] {
        var maps = maps
        for migration in migrations.reversed() where migration.version > version {
            let added = Set(migration.adding.map(\.name))
            maps.removeAll { added.contains($0.name) }
            maps += migration.removing
        }
        return maps
    }

    /// The maps that a database of a version has for certain, and those that it may have, while a migration that is under way is at its marker.
    func maps(at version: UInt64, _ marker: MigrationMarker?) -> (certain: [MapDescriptor], possible: [MapDescriptor]) {
        guard let marker, let migration = migration(to: marker.version) else { return (maps(at: version), []) }
        return switch marker.stage {
        case .adding: (maps(at: version), migration.adding)
        case .walking: (maps(at: version) + migration.adding, [])
        case .removing: (maps(at: marker.version), migration.removing)
        }
    }

    /// The maps of any version that have one of these names, each name once.
    func everyMap(of names: [String]) -> [MapDescriptor] {
        var left = Set(names)
        return (maps + migrations.flatMap { $0.adding + $0.removing }).filter { left.remove($0.name) != nil }
    }

    /// Whether each migration follows the one before, up to this version.
    var hasSoundHistory: Bool {
        migrations.map(\.version) == Array(UInt64(oldestVersion + 1)..<(version + 1))
            && migrations.allSatisfy { migration in
                let names = (migration.adding + migration.removing).map(\.name)
                return Set(names).count == names.count
                    && Set(maps(at: migration.version).map(\.name)).isSuperset(of: migration.adding.map(\.name))
            }
    }
}
