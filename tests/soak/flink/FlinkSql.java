// SPDX-License-Identifier: MIT
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.ResultKind;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** Runs the statements of a file as a stream; of what a query gives, a line a row: the kind of its change, then its columns. */
public class FlinkSql {
    public static void main(String[] args) throws Exception {
        TableEnvironment flink = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        flink.getConfig().set("parallelism.default", "1");
        for (String statement : Files.readString(Path.of(args[0])).split(";\\s*(\n|$)")) {
            TableResult result = flink.executeSql(statement);
            if (result.getResultKind() == ResultKind.SUCCESS) {
                continue;
            }
            try (CloseableIterator<Row> rows = result.collect()) {
                while (rows.hasNext()) {
                    Row row = rows.next();
                    StringBuilder line = new StringBuilder(row.getKind().shortString());
                    for (int i = 0; i < row.getArity(); i++) {
                        line.append('\t').append(row.getField(i));
                    }
                    System.out.println(line);
                }
            }
        }
    }
}
