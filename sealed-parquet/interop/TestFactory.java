package casemate.interop;

import java.nio.charset.StandardCharsets;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.crypto.EncryptionPropertiesFactory;
import org.apache.parquet.crypto.FileEncryptionProperties;
import org.apache.parquet.hadoop.api.WriteSupport.WriteContext;

/**
 * What the properties of the key tools don't reach: uniform encryption, under a data key that the file names by its id, with
 * an AAD prefix that is in the file (casemate.aad.stored) or not.
 */
public class TestFactory implements EncryptionPropertiesFactory {
    @Override
    public FileEncryptionProperties getFileEncryptionProperties(Configuration configuration, Path file, WriteContext context) {
        String id = configuration.get("casemate.data.key");
        FileEncryptionProperties.Builder builder = FileEncryptionProperties.builder(TestKms.masterKey(configuration, id))
            .withFooterKeyMetadata(id.getBytes(StandardCharsets.UTF_8))
            .withAADPrefix(configuration.get("casemate.aad.prefix").getBytes(StandardCharsets.UTF_8));
        return configuration.getBoolean("casemate.aad.stored", true) ? builder.build() : builder.withoutAADPrefixStorage().build();
    }
}
